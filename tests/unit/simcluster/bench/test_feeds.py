"""Feeds and what can be wrong with them: what the sense line sees, and what the machine notices."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.simcluster.bench.bench import Bench
from chaosmonkey.simcluster.bench.feeds import HOLD_UP, OPERATE, RELEASE
from chaosmonkey.simcluster.bench.wiring import SimMachine, Wire
from chaosmonkey.simcluster.timeline import Timeline
from chaosmonkey.simcluster.timing import STAGE
from chaosmonkey.simcluster.world import World

POWER, NETWORK, RAIL = 17, 12, 9


class Table:
    """Two machines, the first with a sense line, and what was seen and noticed of them."""

    def __init__(self, wire: Wire = Wire(POWER), *, seed: int = 0) -> None:  # noqa: B008 - frozen
        self.timeline = Timeline(0.0, seed=seed)
        self.noticed: list[tuple[float, str, str, bool]] = []
        self.sensed: list[tuple[float, int]] = []
        machines = [
            SimMachine("node1", wire, Wire(NETWORK), RAIL),
            SimMachine("node2", Wire(27), Wire(13)),
        ]
        self.bench = Bench(self.timeline, machines, self._notice, seed=seed)
        self.bench.gpio.input_changed = lambda pin, level: self.sensed.append(
            (self.timeline.now, level)
        )

    def _notice(self, machine: str, feed: str, live: bool) -> None:
        self.noticed.append((self.timeline.now, machine, feed, live))

    def run(self, seconds: float = 1.0) -> None:
        self.timeline.run_until(self.timeline.now + seconds)

    def cut(self) -> None:
        self.bench.drive(POWER, 1)
        self.run()

    def restore(self) -> None:
        self.bench.drive(POWER, 0)
        self.run()

    def change_feed(self, **what: Any) -> None:
        self.bench.change_feed("node1", "power", **what)
        self.run()

    @property
    def state(self) -> tuple[bool, bool, int | None]:
        """Whether the machine has power, whether the rail is live, and what the sense line says."""
        feed = self.bench.feed("node1", "power")
        assert feed.delivered == feed.live == feed.rail
        return feed.closed, feed.live, self.bench.pins[RAIL].level

    def noticed_of(self, feed: str) -> list[bool]:
        return [
            live for _, machine, which, live in self.noticed if (machine, which) == ("node1", feed)
        ]


def test_the_sense_line_sees_every_bounce_and_the_machine_only_what_lasts() -> None:
    bounced = 0
    for seed in range(20):
        table = Table(seed=seed)
        table.cut()
        levels = [level for _, level in table.sensed]
        assert levels == [0, 1] * (len(levels) // 2) + [0]
        assert table.noticed_of("power") == [False]
        noticed = table.noticed[0][0]
        assert noticed == pytest.approx(table.sensed[-1][0] + HOLD_UP)
        bounced += len(levels) > 1
    assert bounced > 10


def test_the_sense_line_follows_the_rail_and_not_the_relay_s_line() -> None:
    table = Table()
    assert table.state == (True, True, 1)
    table.cut()
    assert table.state == (False, False, 0)
    table.restore()
    assert table.state == (True, True, 1)
    assert table.noticed_of("power") == [False, True]


@pytest.mark.parametrize(("gap", "noticed"), [(0.9 * HOLD_UP, []), (1.1 * HOLD_UP, [False, True])])
def test_a_machine_bridges_a_gap_shorter_than_its_hold_up(gap: float, noticed: list[bool]) -> None:
    table = Table()
    table.bench.change_feed("node1", "power", plugged=False)
    table.run(gap)
    table.bench.change_feed("node1", "power", plugged=True)
    table.run()
    assert table.noticed_of("power") == noticed
    assert [level for _, level in table.sensed] == [0, 1]
    assert HOLD_UP == 0.005


@pytest.mark.parametrize("wire", [Wire(POWER), Wire(POWER, "NO", active_high=False)])
def test_a_welded_contact_stays_closed_whatever_the_coil_does(wire: Wire) -> None:
    table = Table(wire)
    table.restore()
    table.change_feed(welded=True)
    table.cut()
    assert table.state == (True, True, 1)
    assert not table.noticed_of("power") or table.noticed_of("power")[-1]
    table.change_feed(welded=False)
    assert table.state == (False, False, 0)


def test_a_contact_that_is_welded_while_it_is_open_closes() -> None:
    table = Table()
    table.cut()
    table.change_feed(welded=True)
    assert table.state == (True, True, 1)


def test_a_dead_coil_leaves_the_contact_as_it_is_at_rest() -> None:
    table = Table()
    table.change_feed(stuck=True)
    table.cut()
    assert table.state == (True, True, 1)
    assert table.bench.feed("node1", "power").describe()["coil"] == "released"
    table.change_feed(stuck=False)
    assert table.state == (False, False, 0)


def test_a_coil_that_dies_lets_its_contact_go() -> None:
    table = Table()
    table.cut()
    table.change_feed(stuck=True)
    assert table.state == (True, True, 1)


def test_a_dead_coil_of_a_normally_open_contact_keeps_the_machine_off() -> None:
    table = Table(Wire(POWER, "NO"))
    table.change_feed(stuck=True)
    table.bench.drive(POWER, 1)
    table.run()
    assert table.state == (False, False, 0)


def test_a_back_fed_machine_runs_on_with_its_contact_open_and_its_socket_empty() -> None:
    table = Table()
    table.change_feed(back_fed=True)
    table.cut()
    assert table.state == (False, True, 1)
    table.change_feed(plugged=False)
    assert table.state == (False, True, 1)
    assert not table.noticed
    table.change_feed(back_fed=False)
    assert table.state == (False, False, 0)
    assert table.noticed_of("power") == [False]


def test_a_slow_device_follows_so_many_seconds_later() -> None:
    table = Table()
    table.change_feed(slow=3.0)
    start = table.timeline.now
    table.bench.drive(POWER, 1)
    table.run(2.9)
    assert table.state == (True, True, 1)
    table.run()
    assert OPERATE[0] <= table.sensed[0][0] - start - 3.0 <= OPERATE[1]
    start = table.timeline.now
    table.sensed.clear()
    table.bench.drive(POWER, 0)
    table.run(4)
    assert RELEASE[0] <= table.sensed[0][0] - start - 3.0 <= RELEASE[1]


def test_a_slow_device_that_is_told_otherwise_meanwhile_does_nothing() -> None:
    table = Table()
    table.change_feed(slow=3.0)
    table.bench.drive(POWER, 1)
    table.run(1)
    table.bench.drive(POWER, 0)
    table.run(10)
    assert not table.sensed


def test_a_dead_supply_takes_every_power_rail_and_no_link() -> None:
    table = Table()
    table.bench.supply_power(alive=False)
    table.run()
    assert [(machine, feed) for _, machine, feed, _ in table.noticed] == [
        ("node1", "power"),
        ("node2", "power"),
    ]
    assert table.bench.describe()["supply"] == {"alive": False}
    assert table.state == (True, False, 0)
    assert table.bench.feed("node1", "network").live
    table.bench.supply_power(alive=True)
    table.run()
    assert table.state == (True, True, 1)


def test_a_back_fed_rail_outlives_the_supply() -> None:
    table = Table()
    table.change_feed(back_fed=True)
    table.bench.supply_power(alive=False)
    table.run()
    assert table.state == (True, True, 1)
    assert [machine for _, machine, *_ in table.noticed] == ["node2"]


def test_what_happens_to_one_feed_happens_to_no_other() -> None:
    table = Table()
    table.bench.change_feed("node1", "network", plugged=False, welded=True)
    table.run()
    assert table.noticed_of("network") == [False]
    assert table.noticed_of("power") == []
    assert table.state == (True, True, 1)


def test_faults_take_nothing_from_the_world_s_chance() -> None:
    table, untouched = Table(seed=3), Timeline(0.0, seed=3)
    table.change_feed(plugged=False)
    table.change_feed(plugged=True, back_fed=True)
    table.change_feed(welded=True)
    table.bench.supply_power(alive=False)
    table.run()
    assert table.timeline.random.random() == untouched.random.random()


CHANGES = st.one_of(
    st.tuples(st.sampled_from(["plugged", "welded", "stuck", "back_fed"]), st.booleans()),
    st.tuples(st.just("slow"), st.floats(0, 0.02)),
    st.tuples(st.sampled_from(["line", "supply"]), st.booleans()),
)


@given(st.lists(st.tuples(CHANGES, st.floats(0, 0.03)), max_size=12), st.integers(0, 99))
def test_after_anything_at_all_rail_sense_line_and_machine_agree_once_it_is_quiet(
    changes: list[tuple[tuple[str, Any], float]], seed: int
) -> None:
    table = Table(seed=seed)
    for (what, value), pause in changes:
        if what == "line":
            table.bench.drive(POWER, int(value))
        elif what == "supply":
            table.bench.supply_power(alive=value)
        else:
            table.bench.change_feed("node1", "power", **{what: value})
        table.run(pause)
    table.run()
    feed = table.bench.feed("node1", "power")
    energised = table.bench.pins[POWER].level == 1 and not feed.stuck
    closed = feed.welded or not energised
    live = feed.back_fed or (feed.plugged and feed.supplied and closed)
    assert table.state == (closed, live, int(live))
    told = table.noticed_of("power")
    assert told == [bool(n % 2) for n in range(len(told))]
    assert (told[-1:] or [True]) == [live]
    assert [level for _, level in table.sensed][-1:] in ([], [int(live)])


def test_a_machine_that_gets_power_again_boots() -> None:
    world = World(timing=STAGE, seed=2)
    world.run_for(20)
    world.bench.supply_power(alive=False)
    world.run_for(1)
    assert not any(world.kubelets[f"node{n}"].powered for n in range(1, 6))
    assert world.kubelets["master"].running
    world.bench.supply_power(alive=True)
    world.run_for(1)
    assert world.kubelets["node3"].powered
    assert not world.kubelets["node3"].running
    world.run_for(20)
    assert world.kubelets["node3"].running
