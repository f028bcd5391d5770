"""The drawings, the pin map and the shopping list are those of hardware/lab.toml."""

import csv
import html
import importlib.util
import re
import shutil
from pathlib import Path

import pytest
import yaml
from gpiozero.pins.mock import MockFactory

from chaosmonkey.config import build
from chaosmonkey.model import FeedKind
from hardware import bom, drawings
from hardware.table import HEADER, HERE, PULLED_UP, RESERVED, Channel, channels, example

ALL = [one for feed in FeedKind for one in channels(example(), feed)]


def kept(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def words(name: str) -> list[str]:
    """Every text in a drawing, in its order."""
    texts = re.findall(r"<text[^>]*>(.*?)</text>", kept(name), re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", text)).replace("\xa0", " ") for text in texts]


@pytest.mark.parametrize("name", drawings.texts(example()))
def test_what_is_made_of_lab_toml_is_not_stale(name: str) -> None:
    assert kept(name) == drawings.texts(example())[name], "run: make drawings"


@pytest.mark.parametrize("feed", FeedKind)
def test_the_schematic_has_the_pins_of_lab_toml_and_no_others(feed: FeedKind) -> None:
    shown = [
        re.fullmatch(r"BCM (\d+) = pin (\d+)", word) for word in words(f"schematic-{feed}.svg")
    ]
    pins = {(int(found[1]), int(found[2])) for found in shown if found}
    assert pins == {(one.bcm, one.header) for one in ALL if one.feed is feed}, "run: make drawings"


@pytest.mark.parametrize("feed", FeedKind)
def test_the_schematic_names_relays_machines_and_chip_pins(feed: FeedKind) -> None:
    shown = words(f"schematic-{feed}.svg")
    for one in ALL:
        if one.feed is feed:
            wanted = {f"{one.relay} coil", one.machine, str(one.input), str(one.output)}
            wanted.add(f"{one.colour} {one.machine}")
            assert wanted <= {" ".join(word.split()) for word in shown}


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.relay)
def test_the_harness_connects_each_line_to_its_relay(one: Channel) -> None:
    """Followed wire by wire through the YAML that the drawing is made of."""
    control = yaml.safe_load(kept("harness-control.yaml"))
    ends = {}
    for first, _, last in control["connections"]:
        ((a, pins),), ((b, others),) = first.items(), last.items()
        ends |= {(a, pin): (b, other) for pin, other in zip(pins, others, strict=True)}
    assert ends["X1", one.header] == (one.driver, one.input)
    bank, relay = ends[one.driver, one.output]
    assert relay == one.relay
    pins = control["connectors"][bank]["pins"]
    labels = dict(zip(pins, control["connectors"][bank]["pinlabels"], strict=True))
    assert labels[relay] == f"{one.machine} {one.feed}"


def test_the_picture_of_the_harness_is_that_of_its_yaml() -> None:
    for name in ("harness-control", "harness-feeds"):
        connectors = yaml.safe_load(kept(f"{name}.yaml"))["connectors"]
        wanted = set(connectors) | {
            str(label) for one in connectors.values() for label in one.get("pinlabels", one["pins"])
        }
        assert wanted <= set(words(f"{name}.svg")), "run: make drawings"


def test_no_relay_hangs_on_a_line_that_is_pulled_up_at_boot_or_wanted_by_something_else() -> None:
    for one in ALL:
        assert one.bcm not in PULLED_UP
        assert one.bcm not in RESERVED


def test_pins_of_the_header_are_those_that_gpiozero_knows() -> None:
    (header,) = (one for name, one in MockFactory().board_info.headers.items() if name == "J8")
    known = {
        int(pin.name.removeprefix("GPIO")): number
        for number, pin in header.pins.items()
        if pin.name.startswith("GPIO")
    }
    assert known.items() <= HEADER.items()
    assert HEADER.keys() == set(range(28))


def test_drawings_refuse_a_table_that_they_would_show_wrongly() -> None:
    plug = {"driver": "gpio", "pin": 17}
    for change in ({"contact": "NO"}, {"active_high": False}):
        lab = build({"machine": [{"name": "node1", "power": plug | change}]})
        with pytest.raises(ValueError, match="NC contacts on active-high drivers"):
            channels(lab, FeedKind.POWER)


def test_the_shopping_list_follows_the_number_of_workers() -> None:
    def amount(workers: int, part: str) -> int:
        rows = csv.DictReader(bom.write(workers).splitlines())
        return sum(int(row["quantity"]) for row in rows if row["part"].startswith(part))

    assert [amount(n, "Raspberry Pi") for n in (1, 5, 8)] == [2, 6, 9]
    assert [amount(n, "relay") for n in (1, 5, 8)] == [2, 10, 16]
    assert [amount(n, "USB charger") for n in (5, 6)] == [1, 2]
    with pytest.raises(ValueError, match="between 1 and 8"):
        bom.write(9)


@pytest.mark.skipif(
    importlib.util.find_spec("schemdraw") is None,
    reason="CHAOSMONKEY: no schemdraw, so nobody drew the schematics anew (make drawings has it)",
)
def test_the_schematics_are_what_would_be_drawn_now() -> None:
    for name, drawn in drawings.schematics(example()).items():
        assert drawn == kept(name), "run: make drawings"


@pytest.mark.skipif(
    importlib.util.find_spec("wireviz") is None or shutil.which("dot") is None,
    reason="CHAOSMONKEY: no WireViz or no graphviz, so nobody drew the harnesses anew",
)
def test_the_harnesses_can_be_drawn(tmp_path: Path) -> None:
    for name in ("harness-control", "harness-feeds"):
        drawings.draw_harness(HERE / f"{name}.yaml", tmp_path)
        assert "<svg" in (tmp_path / f"{name}.svg").read_text()
