"""Journal before the cut, restore after anything."""

import asyncio

import pytest

from chaosmonkey.errors import PlugFailed, StoreFailed, Unavailable
from chaosmonkey.model import Feed, FeedKind, PlugCut, PlugRestored, Stale
from chaosmonkey.outage.cut import TIMER_MARGIN, Stage
from chaosmonkey.outage.guard import CutRequest
from chaosmonkey.outage.refusals import (
    AlreadyOff,
    EndedFirst,
    Halted,
    NotArmed,
    StillRecovering,
    TooManyOff,
)
from chaosmonkey.store import Entry
from tests.unit.outage._table import LAB, Table


async def test_the_journal_is_written_before_the_cut_and_cleared_after_the_restore() -> None:
    async with Table().running() as table:
        await table.cut()
        await table.clock.advance(60)
    assert table.diary == ["journal node3", "node3 off", "node3 on", "journal cleared"]


async def test_it_is_restored_at_the_appointed_time_and_both_moments_are_published() -> None:
    async with Table().running() as table:
        began = table.clock.now()
        await table.cut(seconds=30)
        await table.clock.advance(29.9)
        assert table.devices["node3"].state is Feed.OFF
        await table.clock.advance(0.2)
        assert table.devices["node3"].state is Feed.ON
        cut, restored = table.events
        assert isinstance(cut, PlugCut)
        assert (cut.at, cut.restore_by) == (began, began + 30)
        assert isinstance(restored, PlugRestored)
        assert restored.at == pytest.approx(began + 30)


async def test_without_a_journal_there_is_no_cut() -> None:
    async with Table().running() as table:
        table.journal.full = True
        with pytest.raises(StoreFailed):
            await table.cut()
        assert table.diary == []
        assert table.monkey.cuts == {}
        table.journal.full = False
        await table.cut()


async def test_a_plug_that_does_not_turn_off_is_turned_on_again() -> None:
    async with Table().running() as table:
        table.devices["node3"].fails = 1
        with pytest.raises(PlugFailed):
            await table.cut()
        await table.clock.advance(0)
        assert table.journal.entries == []
        assert table.diary == ["journal node3", "node3 off failed", "journal cleared"]


async def test_a_plug_that_does_not_turn_on_is_tried_until_it_does() -> None:
    async with Table().running() as table:
        await table.cut(seconds=10)
        table.devices["node3"].fails = 3
        await table.clock.advance(10)
        (cut,) = table.monkey.cuts.values()
        assert cut.stage is Stage.STUCK
        assert "no answer" in cut.trouble
        assert table.journal.entries
        await table.clock.advance(5)
        assert table.devices["node3"].state is Feed.ON
        assert table.journal.entries == []


async def test_restore_ends_a_cut_early() -> None:
    async with Table().running() as table:
        await table.cut()
        await table.clock.advance(5)
        assert await table.monkey.restore("node3", by="test") == ["node3 power"]
        assert table.devices["node3"].state is Feed.ON
        assert await table.monkey.restore("node3", by="test") == []


async def test_halt_turns_on_everything_what_others_switched_off_too() -> None:
    async with Table().running() as table:
        await table.cut()
        table.devices["node1"].state = Feed.OFF
        await table.clock.advance(15)  # by then the monkey has looked at the plugs
        restored = await table.soon(table.monkey.halt(by="test"))
        assert sorted(restored) == ["node1 power", "node3 power"]
        assert all(device.state is Feed.ON for device in table.devices.values())


async def test_halt_restores_the_others_although_one_is_stuck() -> None:
    async with Table().running() as table:
        for device in table.devices.values():
            device.state = Feed.OFF
        table.devices["node1"].fails = 1
        with pytest.raises(PlugFailed):
            await table.soon(table.monkey.halt(by="test"))
        assert table.devices["node2"].state is Feed.ON
        assert table.devices["node3"].state is Feed.ON


async def test_a_stop_restores_what_is_cut() -> None:
    async with Table().running() as table:
        await table.cut()
    assert table.devices["node3"].state is Feed.ON
    assert table.journal.entries == []


async def test_a_stop_in_the_middle_of_a_stuck_restore_tries_on_and_then_leaves_the_journal() -> (
    None
):
    async with Table().running() as table:
        await table.cut(seconds=10)
        table.devices["node3"].fails = 10_000
        await table.clock.advance(12)
    assert table.devices["node3"].state is Feed.OFF
    assert [entry.machine for entry in table.journal.entries] == ["node3"]


async def test_a_stop_while_a_plug_is_stuck_restores_it_if_it_answers_in_time() -> None:
    async with Table().running() as table:
        await table.cut(seconds=10)
        table.devices["node3"].fails = 5
        await table.clock.advance(10.5)
    assert table.devices["node3"].state is Feed.ON
    assert table.journal.entries == []


async def test_the_start_undoes_what_the_journal_still_holds() -> None:
    entry = Entry("x-node2", "node2", FeedKind.POWER, "test", 1.0, 2.0)
    table = Table(left_cut=[entry])
    table.devices["node2"].state = Feed.OFF
    async with table.running():
        await table.clock.advance(0)
        assert table.devices["node2"].state is Feed.ON
        assert table.journal.entries == []
        assert [type(event) for event in table.events] == [PlugRestored]


async def test_an_entry_of_a_plug_that_is_no_longer_configured_is_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = Entry("x-node9", "node9", FeedKind.POWER, "test", 1.0, 2.0)
    async with Table(left_cut=[entry]).running() as table:
        assert table.journal.entries == [entry]
    assert "no such plug any more" in caplog.text


async def test_two_kills_at_once_are_one() -> None:
    async with Table().running() as table:
        outcomes = await asyncio.gather(
            table.cut("node3"), table.cut("node3"), table.cut("node2"), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [type(None), AlreadyOff, TooManyOff]
        assert table.diary.count("node3 off") == 1


async def test_a_plug_found_off_counts_as_off() -> None:
    async with Table().running() as table:
        table.devices["node1"].state = Feed.OFF
        await table.clock.advance(15)
        with pytest.raises(TooManyOff):
            await table.cut("node3")


async def test_what_somebody_else_turned_off_is_read_again_before_anything_is_refused() -> None:
    async with Table().running() as table:
        table.devices["node1"].state = Feed.OFF
        await table.clock.advance(15)
        table.devices["node1"].state = Feed.ON
        await table.cut("node3")


async def test_a_plug_that_a_hand_turned_off_a_moment_ago_is_not_claimed_as_our_cut() -> None:
    async with Table().running() as table:
        table.devices["node3"].state = Feed.OFF
        with pytest.raises(AlreadyOff):
            await table.cut("node3")
        assert table.events == []


async def test_a_stopping_server_cuts_nothing() -> None:
    async with Table().running() as table:
        pass
    with pytest.raises(Unavailable, match="stopping"):
        await table.cut()


async def test_a_caller_who_left_changes_nothing_about_the_cut() -> None:
    async with Table().running() as table:
        async with asyncio.TaskGroup() as tasks:
            caller = tasks.create_task(table.cut(seconds=10))
            await asyncio.sleep(0)
            caller.cancel()
        await table.clock.advance(0)
        assert table.devices["node3"].state is Feed.OFF
        await table.clock.advance(10)
        assert table.devices["node3"].state is Feed.ON


# --- HALT, arming -------------------------------------------------------------------------------


async def test_halt_latches_until_it_is_released_and_releasing_does_not_arm() -> None:
    async with Table().running() as table:
        await table.monkey.halt(by="Ada")
        with pytest.raises(Halted):
            await table.cut()
        with pytest.raises(Halted):
            table.monkey.arm(by="test")
        table.monkey.release(by="Ada")
        with pytest.raises(NotArmed):
            await table.cut()
        table.monkey.arm(by="test")
        await table.cut()


async def test_halt_outlives_a_restart() -> None:
    async with Table().running() as table:
        await table.monkey.halt(by="Ada")
        await table.clock.advance(0)
    again = Table()
    again.journal.halt = table.journal.halt
    async with again.running(armed=False):
        with pytest.raises(Halted, match="pressed by Ada"):
            await again.cut()
        again.monkey.release(by="Ada")
        await again.clock.advance(0)
    assert again.journal.halt is None


async def test_halt_needs_no_database_and_no_cluster() -> None:
    async with Table().running() as table:
        await table.cut()
        table.journal.full = True
        table.publish(Stale(table.clock.now(), "test"))
        assert await table.soon(table.monkey.halt(by="Ada")) == ["node3 power"]
        assert table.devices["node3"].state is Feed.ON
        with pytest.raises(Halted):
            await table.cut("node2")


async def test_a_cut_that_waits_for_the_journal_when_halt_is_pressed_is_never_made() -> None:
    async with Table().running() as table:
        table.journal.slow = asyncio.Event()
        cutting = asyncio.gather(table.cut(), return_exceptions=True)
        await table.clock.advance(0)
        assert await table.soon(table.monkey.halt(by="Ada")) == ["node3 power"]
        assert isinstance((await cutting)[0], EndedFirst)
        table.journal.slow.set()
        await table.clock.advance(1)
        assert "node3 off" not in table.diary
        assert table.events == []
        assert table.monkey.cuts == {}


async def test_a_cut_whose_device_is_slow_is_given_up_for_halt_and_the_plug_is_on() -> None:
    async with Table().running() as table:
        slow = table.devices["node3"].slow = asyncio.Event()
        cutting = asyncio.gather(table.cut(), return_exceptions=True)
        await table.clock.advance(1)
        halting = asyncio.gather(table.monkey.halt(by="Ada"))
        await table.clock.advance(0)
        table.devices["node3"].slow = None
        slow.set()
        await table.clock.advance(1)
        await halting
        assert isinstance((await cutting)[0], EndedFirst)
        assert table.devices["node3"].state is Feed.ON
        assert table.journal.entries == []


async def test_restoring_a_machine_before_its_plug_was_opened_ends_the_cut_too() -> None:
    async with Table().running() as table:
        table.journal.slow = asyncio.Event()
        cutting = asyncio.gather(table.cut(), return_exceptions=True)
        await table.clock.advance(0)
        await table.soon(table.monkey.restore("node3", by="Ada"))
        (refusal,) = await cutting
        assert isinstance(refusal, EndedFirst)
        assert "Ada restored it" in str(refusal)


async def test_while_halt_holds_a_plug_that_somebody_turns_off_is_turned_on_again() -> None:
    async with Table().running() as table:
        await table.monkey.halt(by="Ada")
        table.devices["node2"].state = Feed.OFF
        await table.clock.advance(16)
        assert table.devices["node2"].state is Feed.ON


async def test_arming_lasts_as_long_as_it_is_used() -> None:
    lasts = LAB.limits.disarm_after
    async with Table().running() as table:
        await table.clock.advance(lasts - 100)
        await table.cut(seconds=10)
        await table.clock.advance(200)
        table.monkey.tick()
        assert table.monkey.safety.is_armed(table.clock.now())
        await table.clock.advance(lasts)
        table.monkey.tick()
        assert table.monkey.safety.armed_until is None


async def test_disarming_cuts_nothing_more_and_leaves_what_is_cut_to_its_time() -> None:
    async with Table().running() as table:
        await table.cut(seconds=30)
        table.monkey.disarm(by="test")
        with pytest.raises(NotArmed):
            await table.cut("node2")
        assert table.devices["node3"].state is Feed.OFF
        await table.clock.advance(30)
        assert table.devices["node3"].state is Feed.ON


async def test_a_real_table_starts_safe() -> None:
    async with Table().running(armed=False) as table:
        with pytest.raises(NotArmed):
            await table.cut()
        assert table.diary == []


async def test_machines_get_their_power_back_one_after_the_other() -> None:
    async with Table(max_off=3, min_ready=0).running() as table:
        for name in ("node1", "node2", "node3"):
            await table.cut(name)
        halting = asyncio.gather(table.monkey.halt(by="Ada"))
        await table.clock.advance(0)
        assert [device.state for device in table.devices.values()].count(Feed.ON) == 1
        await table.clock.advance(0.5)
        assert [device.state for device in table.devices.values()].count(Feed.ON) == 2
        await table.clock.advance(0.5)
        await halting
        assert all(device.state is Feed.ON for device in table.devices.values())


async def test_a_device_with_a_timer_is_told_when_to_turn_itself_on() -> None:
    async with Table().running() as table:
        await table.cut(seconds=30)
        assert table.devices["node3"].timer == 30 + TIMER_MARGIN


# --- asking only --------------------------------------------------------------------------------


async def test_a_plan_says_what_would_happen_and_touches_nothing() -> None:
    async with Table().running() as table:
        plan = await table.monkey.plan(CutRequest("node3", FeedKind.POWER, 60, by="test"))
        assert plan.objections == ()
        assert plan.notices_after == 50
        assert table.diary == []
        assert table.journal.entries == []
        await table.cut()
        plan = await table.monkey.plan(CutRequest("node3", FeedKind.POWER, 60, by="test"))
        assert [type(error) for error in plan.objections] == [
            AlreadyOff, StillRecovering, TooManyOff,
        ]  # fmt: skip
