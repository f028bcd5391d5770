"""The drawings, the pin map and the shopping list are those of the examples in hardware/."""

import csv
import html
import importlib.util
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from gpiozero.pins.mock import MockFactory

from chaosmonkey.config import GpioPlug, Lab, PortSensor, RailSensor, SnmpPlug, build, load
from chaosmonkey.model import FeedKind
from chaosmonkey.panel.led_patterns import BEAT, HEARTBEATS, PATTERNS
from chaosmonkey.simcluster import DEMO_MACHINES, DEMO_PANEL
from hardware import bom, drawings, harness
from hardware.panel import (
    EXPANDER,
    LED_MILLIAMPS,
    PIN_LIMIT,
    STRAPS,
    VDD_LIMIT,
    PanelPart,
    panel_layout,
)
from hardware.table import (
    COIL_PIN,
    GROUND_PIN,
    HEADER,
    HERE,
    PANEL_GROUND_PIN,
    PULLED_UP,
    RED_GROUND_PIN,
    RESERVED,
    SENSE_GROUND_PIN,
    SUPPLY_PIN,
    Channel,
    Rail,
    channels,
    example,
    rails,
)

ALL = [one for feed in FeedKind for one in channels(example(), feed)]
RAILS = rails(example())
LAYOUT = panel_layout(example())
BLUE = example("lab-active-low")
POE = example("lab-poe")

BCM = re.compile(r"BCM (\d+) = pin (\d+)")
"""How a drawing names a line of the header."""


def kept(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def words(name: str) -> list[str]:
    """Every text in a drawing, in its order."""
    texts = re.findall(r"<text[^>]*>(.*?)</text>", kept(name), re.DOTALL)
    plain = (html.unescape(re.sub(r"<[^>]+>", "", text)).replace("\xa0", " ") for text in texts)
    return [" ".join(text.split()) for text in plain]


def pins_shown(name: str) -> set[tuple[int, int]]:
    """The lines of the header that a drawing names."""
    return {(int(a), int(b)) for word in words(name) for a, b in BCM.findall(word)}


def lines(*numbers: int) -> set[tuple[int, int]]:
    return {(number, HEADER[number]) for number in numbers}


def wires(name: str) -> dict[tuple[str, Any], tuple[str, Any]]:
    """From each end of a wire of a harness to its other end."""
    ends: dict[tuple[str, Any], tuple[str, Any]] = {}
    for first, _, last in yaml.safe_load(kept(name))["connections"]:
        ((a, pins),), ((b, others),) = first.items(), last.items()
        ends |= {(a, pin): (b, other) for pin, other in zip(pins, others, strict=True)}
    return ends


@pytest.mark.parametrize("name", ["lab", "lab-active-low", "lab-poe"])
def test_every_example_is_one_that_the_server_takes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCH_COMMUNITY", "a secret")
    assert load(HERE / f"{name}.toml") == example(name)


@pytest.mark.parametrize("name", drawings.texts(example()))
def test_what_is_made_of_lab_toml_is_not_stale(name: str) -> None:
    assert kept(name) == drawings.texts(example())[name], "run: make drawings"


# --- relays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", FeedKind)
def test_the_schematic_has_the_pins_of_lab_toml_and_no_others(feed: FeedKind) -> None:
    wanted = {(one.bcm, one.header) for one in ALL if one.feed is feed}
    assert pins_shown(f"schematic-{feed}.svg") == wanted, "run: make drawings"


@pytest.mark.parametrize("feed", FeedKind)
def test_the_schematic_names_relays_machines_and_chip_pins(feed: FeedKind) -> None:
    shown = words(f"schematic-{feed}.svg")
    for one in ALL:
        if one.feed is feed:
            wanted = {f"{one.relay} coil", one.machine, str(one.input), str(one.output)}
            wanted.add(f"{one.colour} {one.machine}")
            assert wanted <= set(shown)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.relay)
def test_the_harness_connects_each_line_to_its_relay(one: Channel) -> None:
    """Followed wire by wire through the YAML that the drawing is made of."""
    control = yaml.safe_load(kept("harness-control.yaml"))
    ends = wires("harness-control.yaml")
    assert ends["X1", one.header] == (one.driver, one.input)
    bank, relay = ends[one.driver, one.output]
    assert relay == one.relay
    pins = control["connectors"][bank]["pins"]
    labels = dict(zip(pins, control["connectors"][bank]["pinlabels"], strict=True))
    assert labels[relay] == f"{one.machine} {one.feed}"


def test_no_relay_hangs_on_a_line_that_is_pulled_up_at_boot_or_wanted_by_something_else() -> None:
    for one in ALL:
        assert one.bcm not in PULLED_UP
        assert one.bcm not in RESERVED


def test_drawings_refuse_a_table_that_they_would_show_wrongly() -> None:
    plug = {"driver": "gpio", "pin": 17}
    for change in ({"contact": "NO"}, {"active_high": False}):
        lab = build({"machine": [{"name": "node1", "power": plug | change}]})
        with pytest.raises(ValueError, match="NC contacts on active-high drivers"):
            channels(lab, FeedKind.POWER)


# --- rail inputs and the panel --------------------------------------------------------------------


def test_the_demo_is_wired_as_the_classic_table() -> None:
    lab = example()
    for machine, pretend in zip(lab.machine, DEMO_MACHINES, strict=True):
        power, network = (machine.plug(feed) for feed in FeedKind)
        assert power == GpioPlug(driver="gpio", pin=pretend.power.pin)
        assert network == GpioPlug(driver="gpio", pin=pretend.network.pin)
        assert machine.power_sensor == RailSensor(driver="gpio", pin=pretend.rail)
        assert machine.button == DEMO_PANEL.buttons[machine.name]
        assert machine.led == DEMO_PANEL.leds[machine.name]
    assert lab.panel.expander == DEMO_PANEL.expander
    assert lab.panel.interrupt == DEMO_PANEL.interrupt
    assert (lab.panel.halt, lab.panel.heartbeat) == (DEMO_PANEL.halt, DEMO_PANEL.heartbeat)


def test_the_sensing_schematic_has_the_rail_inputs_of_lab_toml_and_no_others() -> None:
    assert pins_shown("schematic-sensing.svg") == {(one.bcm, one.header) for one in RAILS}
    shown = words("schematic-sensing.svg")
    for one in RAILS:
        assert {one.relay, one.machine, f"{one.colour} {one.machine}"} <= set(shown)
    assert (shown.count("10 kΩ"), shown.count("15 kΩ")) == (len(RAILS), len(RAILS))


@pytest.mark.parametrize("one", RAILS, ids=lambda one: one.machine)
def test_the_harness_connects_each_rail_input_to_its_worker(one: Rail) -> None:
    ends = wires("harness-sensing.yaml")
    assert ends["X1", one.header] == ("R15", one.machine)
    assert ends["R15", one.machine] == ("workers", one.machine)


def test_the_divider_gives_a_line_what_it_bears() -> None:
    """A line of a Raspberry Pi bears 3.3 V and reads 2 V and more as high, whatever its pull."""
    for volts in (4.63, 5.25):
        assert 2.0 < volts * 15 / 25 < 3.3
        pulled_down = 15 * 50 / (15 + 50)  # the pull that a line has at boot, some 50 kΩ
        assert volts * pulled_down / (10 + pulled_down) > 2.0


def test_the_panels_schematic_has_the_lines_of_lab_toml_and_no_others() -> None:
    wanted = lines(2, 3, LAYOUT.interrupt, LAYOUT.halt, LAYOUT.heartbeat)
    assert pins_shown("schematic-panel.svg") == wanted, "run: make drawings"
    assert f"U3 MCP23017, address {LAYOUT.address:#04x}" in words("schematic-panel.svg")


@pytest.mark.parametrize("spot", LAYOUT.buttons + LAYOUT.leds, ids=lambda spot: spot.line)
def test_each_button_and_led_is_drawn_at_its_pin_of_the_expander(spot: PanelPart) -> None:
    shown = words("schematic-panel.svg")
    row = shown.index(f"{spot.line} {EXPANDER[spot.line]}")
    part = spot.button if spot in LAYOUT.buttons else spot.led
    assert shown[row + 1] == f"{spot.colour} {spot.machine}"
    assert part in shown[row + 2 : row + 4]
    bank, end = wires("harness-panel.yaml")["U3 board", spot.line]
    connector = yaml.safe_load(kept("harness-panel.yaml"))["connectors"][bank]
    labels = dict(zip(connector["pins"], connector["pinlabels"], strict=True))
    assert labels[end].startswith(f"{part}, {spot.machine}")


def test_the_panels_cable_goes_from_the_header_to_the_same_lines() -> None:
    ends = wires("harness-panel.yaml")
    wanted = {
        HEADER[2]: "SDA",
        HEADER[3]: "SCL",
        HEADER[LAYOUT.interrupt]: "INT",
        HEADER[LAYOUT.heartbeat]: "BEAT",
        HEADER[LAYOUT.halt]: "HALT",
        SUPPLY_PIN: "3V3",
        PANEL_GROUND_PIN: "GND",
        RED_GROUND_PIN: "HALT GND",
    }
    shown = {end: name for (part, end), (_, name) in ends.items() if part == "X1"}
    assert shown == wanted


def test_the_leds_draw_less_than_the_expander_bears() -> None:
    assert LED_MILLIAMPS < PIN_LIMIT
    assert 8 * LED_MILLIAMPS < VDD_LIMIT, "eight workers, the most that are drawn"
    text = " ".join(words("schematic-panel.svg"))
    assert (
        f"= {LED_MILLIAMPS:.1f} mA at most; {len(LAYOUT.leds)} on U3: {LAYOUT.milliamps:.0f}"
        in text
    )


def test_no_button_hangs_on_a_line_that_only_drives() -> None:
    assert not {"A7", "B7"} & {spot.line for spot in LAYOUT.buttons}


def test_the_address_is_what_the_straps_say() -> None:
    assert not any(LAYOUT.straps.values()), "0x20: all at ground"
    lab = example().model_copy(
        update={"panel": example().panel.model_copy(update={"expander": 0x25})}
    )
    assert panel_layout(lab).straps == {"A0": True, "A1": False, "A2": True}
    assert {f"{pin} {name}" for name, pin in STRAPS.items()} <= set(words("schematic-panel.svg"))


def test_the_drawings_of_the_panel_refuse_one_that_they_would_show_wrongly() -> None:
    machine = {"name": "node1", "power_sensor": {"driver": "gpio", "pin": 9}}
    panel = {"expander": 0x20, "interrupt": 6, "halt": 5, "heartbeat": 4}
    assert panel_layout(build({"machine": [machine], "panel": panel})).halt == 5
    for wrong in ({"halt_contact": "NO"}, {"heartbeat": "B7"}):
        with pytest.raises(ValueError, match="needs an expander"):
            panel_layout(build({"machine": [machine], "panel": panel | wrong}))
    with pytest.raises(ValueError, match="its led on the expander"):
        panel_layout(build({"machine": [machine | {"led": 26}], "panel": panel}))
    behind = {"driver": "gpio", "pin": 9, "active_high": False}
    with pytest.raises(ValueError, match="needs a divider"):
        rails(build({"machine": [machine | {"power_sensor": behind}]}))


def test_no_pin_of_the_header_has_two_wires() -> None:
    """But ground, the two supplies, and what a drawing shows a second time."""
    used = [one.header for one in ALL] + [one.header for one in RAILS]
    used += [HEADER[line] for line in (2, 3, LAYOUT.interrupt, LAYOUT.halt, LAYOUT.heartbeat)]
    used += [COIL_PIN, SUPPLY_PIN, GROUND_PIN, harness.SECOND_GROUND_PIN]
    used += [PANEL_GROUND_PIN, RED_GROUND_PIN, SENSE_GROUND_PIN]
    assert len(used) == len(set(used))


def test_pins_of_the_header_are_those_that_gpiozero_knows() -> None:
    (header,) = (one for name, one in MockFactory().board_info.headers.items() if name == "J8")
    known = {
        int(pin.name.removeprefix("GPIO")): number
        for number, pin in header.pins.items()
        if pin.name.startswith("GPIO")
    }
    assert known.items() <= HEADER.items()
    assert HEADER.keys() == set(range(28))
    named = {number: pin.name for number, pin in header.pins.items()}
    grounds = (GROUND_PIN, harness.SECOND_GROUND_PIN, PANEL_GROUND_PIN, RED_GROUND_PIN)
    assert {named[pin] for pin in (*grounds, SENSE_GROUND_PIN)} == {"GND"}
    assert (named[SUPPLY_PIN], named[COIL_PIN]) == ("3V3", "5V")


# --- the other builds -----------------------------------------------------------------------------


def test_the_blue_boards_schematic_has_the_pins_of_its_example_and_no_others() -> None:
    rows = channels(BLUE, FeedKind.POWER, active_high=False)
    assert isinstance(BLUE.panel.halt, int)
    wanted = {(one.bcm, one.header) for one in rows} | lines(BLUE.panel.halt)
    assert pins_shown("schematic-active-low.svg") == wanted
    shown = words("schematic-active-low.svg")
    for one in rows:
        assert {f"{one.colour} {one.machine}", f"IN{one.number}", one.relay} <= set(shown)
    assert {"JD-VCC", "jumper: removed", "VCC", "inputs, 3.3 V"} <= set(shown)


def test_the_blue_board_hangs_on_lines_that_boot_pulls_away_from_it() -> None:
    for one in channels(BLUE, FeedKind.POWER, active_high=False):
        assert one.bcm in PULLED_UP
        assert one.bcm not in RESERVED


def test_the_blue_boards_rail_inputs_are_those_that_are_drawn() -> None:
    assert rails(BLUE) == RAILS


def test_the_poe_schematic_has_the_ports_of_its_example_and_the_master_on_none_of_them() -> None:
    shown = words("schematic-poe.svg")
    ports = {}
    for machine in POE.machine:
        power, network = machine.power, machine.network
        assert isinstance(power, SnmpPlug)
        assert isinstance(network, SnmpPlug)
        row = shown.index(f"poe {power.poe}, interface {network.interface}")
        ports[machine.name] = shown[row - 1]
        assert machine.name in shown[row : row + 5]
        assert f"switch {power.host}, managed, PoE+, SNMP writable" in shown
        assert isinstance(machine.power_sensor, PortSensor)
        assert machine.power_sensor.poe == power.poe
        assert machine.network_sensor is None, "without PoE there is no link: one loss, not two"
    assert shown[shown.index("not in any [[machine]]") - 1] == "port 8"
    assert "port 8" not in ports.values()
    assert len(set(ports.values())) == len(POE.machine)


# --- pictures, the list, the words ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["control", "feeds", "panel", "sensing"])
def test_the_picture_of_the_harness_is_that_of_its_yaml(name: str) -> None:
    connectors = yaml.safe_load(kept(f"harness-{name}.yaml"))["connectors"]
    wanted = set(connectors) | {
        str(label) for one in connectors.values() for label in one.get("pinlabels", one["pins"])
    }
    assert wanted <= set(words(f"harness-{name}.svg")), "run: make drawings"


def test_the_shopping_list_follows_the_number_of_workers() -> None:
    def amount(workers: int, part: str, build: str = "") -> int:
        rows = csv.DictReader(bom.write(workers).splitlines())
        return sum(
            int(row["quantity"])
            for row in rows
            if row["part"].startswith(part) and row["build"].startswith(build)
        )

    assert [amount(n, "Raspberry Pi") for n in (1, 5, 8)] == [2, 6, 9]
    assert [amount(n, "relay", "relay") for n in (1, 5, 8)] == [2, 10, 16]
    assert [amount(n, "USB charger") for n in (5, 6)] == [1, 2]
    assert [amount(n, "resistor 15 kΩ") for n in (1, 5, 8)] == [1, 5, 8]
    assert [amount(n, "INA3221") for n in (3, 4, 7)] == [1, 2, 3]
    assert amount(5, "resistor 10 kΩ", "panel") == 1
    assert amount(5, "resistor 330 Ω") == len(LAYOUT.leds) + 1
    with pytest.raises(ValueError, match="between 1 and 8"):
        bom.write(9)


def test_the_led_patterns_of_docs_panel_are_those_of_the_program() -> None:
    text = (HERE.parent / "docs/panel.md").read_text(encoding="utf-8")
    shown = dict(
        re.findall(r"^\| (?:\*\*)?([a-z ]+?)(?:\*\*)? \| `([#.]+)` \|", text, re.MULTILINE)
    )
    assert shown == {str(light): pattern for light, pattern in PATTERNS.items()} | dict(HEARTBEATS)
    assert f"{BEAT:g} s" in text


@pytest.mark.skipif(
    importlib.util.find_spec("schemdraw") is None,
    reason="CHAOSMONKEY: no schemdraw, so no schematics to compare (make drawings installs it)",
)
def test_the_schematics_are_what_would_be_drawn_now() -> None:
    for name, drawn in drawings.schematics(example()).items():
        assert drawn == kept(name), "run: make drawings"


@pytest.mark.skipif(
    importlib.util.find_spec("schemdraw") is None,
    reason="CHAOSMONKEY: no schemdraw, so the PoE drawing was not checked",
)
def test_the_poe_drawing_refuses_a_table_that_it_would_show_wrongly() -> None:
    from hardware.schematic_poe import ports

    def lab(*numbers: int) -> Lab:
        common = {"driver": "snmp", "host": "switch", "community": "a secret"}
        return build(
            {
                "machine": [
                    {
                        "name": f"node{place}",
                        "power": common | {"poe": str(number)},
                        "network": common | {"interface": number},
                    }
                    for place, number in enumerate(numbers)
                ]
            }
        )

    assert [port.number for port in ports(lab(1, 7))] == [1, 7]
    for wrong in (lab(1, 8), lab(2, 2)):
        with pytest.raises(ValueError, match="a separate port for each worker, 1 to 7"):
            ports(wrong)
    with pytest.raises(ValueError, match="both a PoE port and an interface"):
        ports(example())


@pytest.mark.skipif(
    importlib.util.find_spec("wireviz") is None or shutil.which("dot") is None,
    reason="CHAOSMONKEY: no WireViz or no graphviz, so the harnesses were not drawn",
)
def test_the_harnesses_can_be_drawn(tmp_path: Path) -> None:
    for name in ("control", "feeds", "panel", "sensing"):
        drawings.draw_harness(HERE / f"harness-{name}.yaml", tmp_path)
        assert "<svg" in (tmp_path / f"harness-{name}.svg").read_text()
