"""What an edge knows of the table, message by message, in any order."""

from typing import Any

import pytest

from chaosmonkey.clock import ManualClock
from chaosmonkey.edge.table_copy import TableCopy
from chaosmonkey.edge.table_time import LOST_AFTER, TableTime
from chaosmonkey.hub import Hub, PhoneStream
from chaosmonkey.scale import Pulse, Stored, TableLease

Pods = dict[str, dict[str, Any]]


class Copied:
    """A copy, and what it asked for."""

    def __init__(self) -> None:
        self.pace, self.wall = ManualClock(0.0), ManualClock(9000.0)
        self.time = TableTime(self.pace, self.wall)
        self.refreshes = 0
        self.hub = Hub(self.time.now)
        phones = PhoneStream(self.time.now, lambda message: message)
        self.copy = TableCopy(self.time, phones, self.hub, self._refresh)

    def _refresh(self) -> None:
        self.refreshes += 1

    def lease(self, instance: str) -> None:
        self.copy.follow(TableLease(owner="one", instance=instance, host="here"))

    def snapshot(self, seq: int, pods: Pods, *, of: str = "a") -> None:
        value = {"seq": seq, "state": {"pods": pods}}
        self.copy.show_stage(Stored(instance=of, value=value))

    def delta(self, seq: int, pods: Pods, *gone: str, of: str = "a") -> None:
        value = {"seq": seq, "set": {"pods": pods}, "gone": {"pods": list(gone)}}
        self.copy.apply(Stored(instance=of, value=value))

    @property
    def pods(self) -> set[str]:
        return set(self.hub.shown("pods"))


@pytest.fixture
async def it() -> Copied:
    found = Copied()
    found.lease("a")
    found.snapshot(5, {"one": {}})
    return found


async def test_deltas_follow_their_snapshot(it: Copied) -> None:
    it.delta(6, {"two": {}})
    it.delta(7, {}, "one")
    assert it.pods == {"two"}


async def test_a_delta_after_a_gap_waits_for_a_snapshot_and_one_is_requested(it: Copied) -> None:
    before = it.refreshes
    it.delta(8, {"eight": {}})
    assert it.pods == {"one"}
    assert it.refreshes > before
    it.snapshot(7, {"seven": {}})
    assert it.pods == {"seven", "eight"}


async def test_an_old_snapshot_and_an_old_delta_change_nothing(it: Copied) -> None:
    it.delta(6, {"two": {}})
    it.snapshot(5, {"one": {}})
    it.delta(6, {}, "two")
    assert it.pods == {"one", "two"}


async def test_only_the_instance_with_the_lease_is_shown(it: Copied) -> None:
    it.delta(6, {"intruder": {}}, of="b")
    it.snapshot(9, {"intruder": {}}, of="b")
    assert it.pods == {"one"}


async def test_what_an_earlier_instance_sent_ahead_is_forgotten(it: Copied) -> None:
    it.delta(8, {"old": {}})
    it.lease("b")
    it.snapshot(7, {"new": {}}, of="b")
    assert it.pods == {"new"}
    it.delta(8, {"newer": {}}, of="b")
    assert it.pods == {"new", "newer"}


async def test_deltas_that_come_before_the_first_snapshot_of_an_instance_are_kept() -> None:
    it = Copied()
    it.lease("a")
    it.delta(6, {"six": {}})
    it.delta(7, {"seven": {}})
    it.snapshot(6, {"all": {}})
    assert it.pods == {"all", "seven"}


async def test_the_tables_time_runs_on_between_pulses_as_fast_as_it_does() -> None:
    it = Copied()
    assert it.time.now() == 9000.0
    it.lease("a")
    it.copy.pulse(Pulse(instance="a", at=1000.0, speed=10.0))
    it.pace.skip(2.0)
    assert it.time.now() == 1020.0


async def test_the_link_is_lost_after_some_pulses_and_back_with_the_next() -> None:
    it = Copied()
    it.lease("a")
    it.copy.pulse(Pulse(instance="a", at=1000.0, speed=1.0))
    it.pace.skip(LOST_AFTER)
    it.copy.tick()
    assert it.copy.lost_at is None
    it.pace.skip(0.1)
    it.copy.tick()
    assert it.copy.lost_at == pytest.approx(1000.0 + LOST_AFTER + 0.1)
    it.copy.pulse(Pulse(instance="intruder", at=1.0, speed=1.0))
    assert it.copy.lost_at is not None
    it.copy.pulse(Pulse(instance="a", at=1010.0, speed=1.0))
    assert it.copy.lost_at is None


async def test_an_edges_stage_has_no_wifi_and_no_plug_to_pull(it: Copied) -> None:
    value = {
        "seq": 6,
        "set": {"show": {"show": {"wifi": "hall"}}, "cluster": {"cluster": {"demo": True}}},
        "gone": {},
    }
    it.copy.apply(Stored(instance="a", value=value))
    assert it.hub.shown("show")["show"]["wifi"] == ""
    assert it.hub.shown("cluster")["cluster"]["demo"] is False
