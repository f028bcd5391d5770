"""The bench: pin, coil, contact, rail, and hands that tell nobody."""

from __future__ import annotations

import pytest

from chaosmonkey.errors import UnknownMachine
from chaosmonkey.simcluster.bench.bench import OPERATE, RELEASE, Bench
from chaosmonkey.simcluster.bench.contacts import RELAY_BOUNCE
from chaosmonkey.simcluster.bench.feeds import HOLD_UP
from chaosmonkey.simcluster.bench.wiring import ContactForm, SimMachine, Wire
from chaosmonkey.simcluster.timeline import Timeline

Rails = list[tuple[float, str, str, bool]]


def bench(wire: Wire, *, persist: bool = True) -> tuple[Bench, Timeline, Rails]:
    timeline, rails = Timeline(0.0), []
    machine = SimMachine("node1", wire, Wire(20))

    def rail(machine: str, feed: str, live: bool) -> None:
        rails.append((timeline.now, machine, feed, live))

    return Bench(timeline, [machine], rail, persist=persist), timeline, rails


@pytest.mark.parametrize(
    ("contact", "active_high", "level", "live"),
    [
        ("NC", True, 0, True),
        ("NC", True, 1, False),
        ("NC", False, 0, False),
        ("NC", False, 1, True),
        ("NO", True, 0, False),
        ("NO", True, 1, True),
        ("NO", False, 0, True),
        ("NO", False, 1, False),
    ],
)
def test_a_level_makes_the_rail_live_as_contact_and_polarity_say(
    contact: ContactForm, active_high: bool, level: int, live: bool
) -> None:
    table, timeline, _ = bench(Wire(17, contact, active_high))
    table.drive(17, level)
    timeline.run_until(1)
    assert table.feed("node1", "power").live is live


def test_a_contact_takes_a_few_milliseconds() -> None:
    table, timeline, rails = bench(Wire(17))
    table.drive(17, 1)
    assert table.feed("node1", "power").live
    timeline.run_until(1)
    table.drive(17, 0)
    timeline.run_until(2)
    (cut, *_, off), (back, *_, on) = rails
    assert (off, on) == (False, True)
    assert OPERATE[1] <= 0.010
    assert RELEASE[1] <= 0.005
    assert OPERATE[0] + HOLD_UP <= cut <= OPERATE[1] + RELAY_BOUNCE[1] + HOLD_UP
    assert RELEASE[0] + HOLD_UP <= back - 1 <= RELEASE[1] + RELAY_BOUNCE[1] + HOLD_UP


def test_a_pulse_shorter_than_the_coil_needs_moves_nothing() -> None:
    table, timeline, rails = bench(Wire(17))
    table.drive(17, 1)
    timeline.run_until(0.001)
    table.drive(17, 0)
    timeline.run_until(1)
    assert not rails


@pytest.mark.parametrize("pin", [5, 17])
def test_a_line_that_nobody_drives_has_its_pull_of_boot(pin: int) -> None:
    table, _, _ = bench(Wire(pin))
    assert table.pins[pin].level == (1 if pin <= 8 else 0)
    assert table.feed("node1", "power").live is (pin > 8)


def test_a_hand_empties_a_socket_whatever_the_relay_does() -> None:
    table, timeline, rails = bench(Wire(17))
    table.change_feed("node1", "power", plugged=False)
    table.drive(17, 1)
    timeline.run_until(1)
    table.change_feed("node1", "power", plugged=True)
    timeline.run_until(2)
    assert [live for *_, live in rails] == [False]
    table.drive(17, 0)
    timeline.run_until(3)
    assert [live for *_, live in rails] == [False, True]


@pytest.mark.parametrize(("persist", "live"), [(True, False), (False, True)])
def test_lines_stay_or_fall_back_when_their_program_dies(persist: bool, live: bool) -> None:
    table, timeline, _ = bench(Wire(17), persist=persist)
    table.drive(17, 1)
    timeline.run_until(1)
    table.controller_lost()
    timeline.run_until(2)
    assert table.feed("node1", "power").live is live
    assert (table.pins[17].out is None) is live


def test_a_floating_line_energises_nothing() -> None:
    table, timeline, _ = bench(Wire(17, "NC", active_high=False))
    table.release(17, "floating")
    timeline.run_until(1)
    assert table.feed("node1", "power").live


def test_an_unknown_machine_is_named_with_those_that_there_are() -> None:
    table, _, _ = bench(Wire(17))
    with pytest.raises(UnknownMachine, match="node1"):
        table.change_feed("nodel", "power", plugged=False)


def test_the_bench_describes_itself() -> None:
    table, _, _ = bench(Wire(17))
    told = table.describe()
    assert told["persist_gpio_outputs"] is True
    assert told["machines"]["node1"]["power"] == {
        "pin": 17,
        "level": 0,
        "active_high": True,
        "coil": "released",
        "contact": "NC",
        "closed": True,
        "plugged": True,
        "live": True,
        "welded": False,
        "stuck": False,
        "back_fed": False,
        "slow": 0.0,
    }
    assert told["supply"] == {"alive": True}
    assert (told["panel"], told["chips"]) == (None, [])
    assert len(told["pins"]) == 28
