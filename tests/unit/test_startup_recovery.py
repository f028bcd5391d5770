"""What an earlier process left is taken up, and what it had seen stays as it saw it."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from chaosmonkey.clock import Heartbeat, ManualClock
from chaosmonkey.dispatch import Dispatch, EndedEarly, StoryLog
from chaosmonkey.events import Events
from chaosmonkey.hub import BoardPublisher
from chaosmonkey.model import (
    Changed,
    Event,
    FeedKind,
    Node,
    Origin,
    Outage,
    PlugCut,
    PlugRestored,
    Removed,
)
from chaosmonkey.outage.tracker import Tracker
from chaosmonkey.startup_recovery import recover_previous_run
from chaosmonkey.store import Recorder, Records, open_database
from tests.sure import sure

LEFT = Outage(
    id="20261120-101500-node3",
    machine="node3",
    node="node3",
    origin=Origin.COMMANDED,
    feed=FeedKind.POWER,
    t0=1000.0,
)


class NoBoard(BoardPublisher):
    def __init__(self) -> None:
        """It shows nothing."""

    def show_outage(self, outage: Outage) -> None:
        """Nobody looks."""


class Kept(Recorder):
    def __init__(self) -> None:
        self.outages: list[Outage] = []

    def keep(self, outage: Outage) -> None:
        self.outages.append(outage)


@pytest.mark.parametrize("restored", [None, 1004.0])
async def test_only_a_feed_that_was_still_gone_is_waited_for(
    tmp_path: Path, clock: ManualClock, restored: float | None
) -> None:
    """A sensor says at every start that its feed is there: that is no return."""
    waited_for: list[Outage] = []
    async with open_database(tmp_path, clock) as database:
        records = Records(database)
        await records.save(replace(LEFT, restored=restored))
        await recover_previous_run(
            records,
            board=NoBoard(),
            interrupted=waited_for.append,
            now=1010.0,
        )
        kept = sure(await records.get(LEFT.id))
    assert (kept.restored, kept.closed) == (restored, 1010.0)
    assert bool(waited_for) == (restored is None)


@pytest.mark.parametrize(("at", "restored"), [(1010.0, 1010.0), (400.0, None)])
def test_a_return_by_a_clock_that_was_set_back_has_no_moment(
    at: float, restored: float | None
) -> None:
    events, kept = Events(), Kept()
    early = EndedEarly(events)
    events.subscribe(Outage, kept.keep)
    early.note(replace(LEFT, closed=1000.0, interrupted="the server ended"))
    early.feed_is_back(PlugRestored("node3", "node3", FeedKind.POWER, at))
    assert [outage.restored for outage in kept.outages] == ([] if restored is None else [restored])


def test_a_feed_that_returns_after_its_node_was_deleted_is_noted() -> None:
    events, kept = Events(), Kept()
    dispatch = Dispatch(Tracker(), events, Heartbeat(ManualClock(), ManualClock()))
    early = EndedEarly(events)
    for kind in get_args(Event):
        events.subscribe(kind, dispatch.fold)
        events.subscribe(kind, dispatch.publish_changed)
    events.subscribe(PlugRestored, early.feed_is_back)
    events.subscribe(Outage, kept.keep)
    events.subscribe(Outage, early.note)
    take = events.publish
    node = Node("node3", "n3", ready="True")
    take(Changed(node, 990.0))
    take(PlugCut(LEFT.id, "node3", "node3", FeedKind.POWER, 999.9, 1000.0, "test", 1060.0))
    take(Removed(node, 1010.0))
    take(PlugRestored("node3", "node3", FeedKind.POWER, 1060.0))
    last = kept.outages[-1]
    assert (last.restored, last.recovered) == (1060.0, None)
    assert "deleted" in last.interrupted


def test_the_log_repeats_nothing_that_an_earlier_process_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "chaosmonkey.story")
    why = "the server stopped in the meantime"
    left = replace(LEFT, not_ready=1008.0, closed=1060.0, interrupted=why, restored=1060.0)
    StoryLog().log_new_lines(left)
    assert [record.getMessage() for record in caplog.records] == [
        "node3   +60.0 s  node3 got its power back.",
        f"node3   +60.0 s  The measurement ends here: {why}.",
    ]


async def test_an_outage_that_is_ended_by_a_clock_that_was_set_back_ends_no_earlier_than_it_began(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with open_database(tmp_path, clock) as database:
        records = Records(database)
        await records.save(LEFT)
        await recover_previous_run(records, board=NoBoard(), interrupted=lambda _: None, now=400.0)
        kept = sure(await records.get(LEFT.id))
    assert kept.closed == LEFT.t0


async def test_what_lies_across_a_reboot_is_not_measured(
    tmp_path: Path, clock: ManualClock
) -> None:
    """Nobody knows how long the machine was off, whatever its clock says after it."""
    waited_for: list[Outage] = []
    async with open_database(tmp_path, clock) as database:
        records = Records(database)
        await records.save(replace(LEFT, not_ready=1008.0))
        await recover_previous_run(
            records, board=NoBoard(), interrupted=waited_for.append, now=9000.0, stepped=None
        )
        kept = sure(await records.get(LEFT.id))
    assert (kept.closed, kept.restored, waited_for) == (1008.0, None, [])


async def test_an_outage_of_a_clock_that_was_set_since_is_read_by_the_clock_of_now(
    tmp_path: Path, clock: ManualClock
) -> None:
    waited_for: list[Outage] = []
    async with open_database(tmp_path, clock) as database:
        records = Records(database)
        await records.save(LEFT)
        await recover_previous_run(
            records, board=NoBoard(), interrupted=waited_for.append, now=4604.0, stepped=3600.0
        )
        kept = sure(await records.get(LEFT.id))
    assert (kept.t0, kept.closed) == (4600.0, 4604.0)
    assert waited_for == [kept]
