"""The panel: buttons, LEDs and the big red button, on the header or on an expander."""

from __future__ import annotations

import random

import pytest

from chaosmonkey.errors import UnknownMachine
from chaosmonkey.simcluster import DEMO_MACHINES, DEMO_PANEL
from chaosmonkey.simcluster.bench.chips.bus import SimBus
from chaosmonkey.simcluster.bench.contacts import BUTTON_BOUNCE
from chaosmonkey.simcluster.bench.gpio import Gpio
from chaosmonkey.simcluster.bench.panel import NotOnBench, SimPanel
from chaosmonkey.simcluster.bench.wiring import PanelWiring
from chaosmonkey.simcluster.timeline import Timeline

HEADER_ONLY = PanelWiring(buttons={"node1": 7}, leds={"node1": 8}, halt=5)


class Table:
    """A panel alone on a header."""

    def __init__(self, wiring: PanelWiring, *, seed: int = 0) -> None:
        self.gpio, self.bus, self.timeline = Gpio(), SimBus(), Timeline(0.0)
        self.levels_seen: list[tuple[int, int]] = []
        self.gpio.input_changed = lambda pin, level: self.levels_seen.append((pin, level))
        self.panel = SimPanel(
            wiring, self.gpio, self.bus, timeline=self.timeline, chance=random.Random(seed)
        )

    def rest(self) -> None:
        self.timeline.run_until(self.timeline.now + 1)


def test_a_button_on_the_header_is_low_while_it_is_pressed() -> None:
    table = Table(HEADER_ONLY)
    table.gpio.release(7, "up")
    table.panel.press("node1", pressed=True)
    table.rest()
    table.panel.press("node1", pressed=False)
    table.rest()
    assert table.levels_seen[0] == (7, 1)
    levels = [level for _, level in table.levels_seen]
    assert levels == [1, 0] * (len(levels) // 2) + [1]


def test_a_button_bounces_and_lies_still_within_3_ms() -> None:
    most = 0
    for seed in range(20):
        table = Table(HEADER_ONLY, seed=seed)
        table.gpio.release(7, "up")
        table.panel.press("node1", pressed=True)
        table.timeline.run_until(BUTTON_BOUNCE[1])
        still = len(table.levels_seen)
        most = max(most, still)
        table.rest()
        assert len(table.levels_seen) == still
        assert table.levels_seen[-1] == (7, 0)
    assert most > 2
    assert BUTTON_BOUNCE == (0.0005, 0.003)


def test_the_big_red_button_is_low_until_it_is_pressed() -> None:
    table = Table(HEADER_ONLY)
    table.gpio.release(5, "up")
    table.panel.press_halt(pressed=True)
    table.rest()
    assert (table.levels_seen[0], table.levels_seen[-1]) == ((5, 0), (5, 1))
    assert table.panel.describe()["halt"] == {"line": 5, "level": 1, "pressed": True}


def test_a_big_red_button_without_pull_up_is_never_seen() -> None:
    table = Table(HEADER_ONLY)
    table.gpio.release(5, "floating")
    table.panel.press_halt(pressed=True)
    table.rest()
    assert table.levels_seen == [(5, 0)]
    assert table.gpio.pins[5].level is None


def test_a_pressed_button_on_the_expander_interrupts_the_header() -> None:
    table = Table(DEMO_PANEL)
    table.bus.write(0x20, 0x0C, b"\xff")
    table.bus.write(0x20, 0x04, b"\x1f")
    table.gpio.release(6, "up")
    table.panel.press("node5", pressed=True)
    table.rest()
    assert table.levels_seen == [(6, 1), (6, 0)]
    assert table.bus.read(0x20, 0x12, 1) == b"\xef"
    assert table.levels_seen[-1] == (6, 1)


def test_an_led_shows_the_level_of_its_line() -> None:
    table = Table(DEMO_PANEL)
    table.bus.write(0x20, 0x00, b"\xff\x00")
    table.bus.write(0x20, 0x15, b"\x02")
    leds = table.panel.describe()["leds"]
    assert {machine: led["level"] for machine, led in leds.items() if led["level"]} == {"node2": 1}
    table.gpio.drive(4, 1)
    assert table.panel.describe()["heartbeat"] == {"line": 4, "level": 1}


def test_the_demo_has_a_button_and_an_led_for_every_machine() -> None:
    names = [machine.name for machine in DEMO_MACHINES]
    assert list(DEMO_PANEL.buttons) == list(DEMO_PANEL.leds) == names
    assert list(DEMO_PANEL.buttons.values()) == ["A0", "A1", "A2", "A3", "A4"]
    assert list(DEMO_PANEL.leds.values()) == ["B0", "B1", "B2", "B3", "B4"]


def test_the_demo_wires_no_line_twice() -> None:
    pins = [
        pin
        for machine in DEMO_MACHINES
        for pin in (machine.power.pin, machine.network.pin, machine.rail)
    ]
    pins += [DEMO_PANEL.halt, DEMO_PANEL.interrupt, DEMO_PANEL.heartbeat]
    assert len(pins) == len(set(pins)) == 18
    assert not {2, 3} & set(pins)  # I2C


def test_a_machine_without_a_button_is_named_with_those_that_have_one() -> None:
    with pytest.raises(UnknownMachine, match="Known machines: node1"):
        Table(HEADER_ONLY).panel.press("node2", pressed=True)


def test_a_panel_without_a_big_red_button_says_so() -> None:
    table = Table(PanelWiring())
    with pytest.raises(NotOnBench, match="big red button"):
        table.panel.press_halt(pressed=True)
    assert table.panel.describe() == {
        "buttons": {},
        "leds": {},
        "halt": None,
        "interrupt": None,
        "heartbeat": None,
    }


@pytest.mark.parametrize(
    ("wiring", "wrong"),
    [
        (PanelWiring(buttons={"node1": 5}, halt=5), "BCM 5"),
        (PanelWiring(expander=0x20, buttons={"node1": "A0", "node2": "A0"}), "A0"),
        (PanelWiring(expander=0x20, leds={"node1": "B8"}), "B8"),
        (PanelWiring(buttons={"node1": "A0"}), "needs an expander"),
    ],
)
def test_a_wiring_that_cannot_be_is_refused(wiring: PanelWiring, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        Table(wiring)
