"""Journal before the cut, restore after anything."""

import asyncio

import pytest

from chaosmonkey.control.cut_stages import CutStage
from chaosmonkey.control.guard import CutRequest
from chaosmonkey.control.refusals import AlreadyOff, StillRecovering, TooManyOff
from chaosmonkey.control.restore import RestoreResult
from chaosmonkey.errors import PlugFailed, StoreFailed, Unavailable
from chaosmonkey.model import CutShort, FeedKind, FeedState, PlugCut, PlugRestored
from chaosmonkey.store import JournalEntry
from tests.unit.control._table import Table


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
        assert table.state("node3") is FeedState.OFF
        await table.clock.advance(0.2)
        assert table.state("node3") is FeedState.ON
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
        assert table.diary == ["journal node3", "node3 off failed", "node3 on", "journal cleared"]


async def test_a_plug_that_does_not_turn_on_is_tried_until_it_does() -> None:
    async with Table().running() as table:
        await table.cut(seconds=10)
        table.devices["node3"].fails = 3
        await table.clock.advance(10)
        (cut,) = table.monkey.cuts.values()
        assert cut.stage is CutStage.STUCK
        assert "no answer" in cut.trouble
        assert table.journal.entries
        await table.clock.advance(5)
        assert table.devices["node3"].state is FeedState.ON
        assert table.journal.entries == []


async def test_restore_ends_a_cut_early() -> None:
    async with Table().running() as table:
        await table.cut()
        await table.clock.advance(5)
        assert await table.monkey.restore("node3", by="test") == RestoreResult(("node3 power",))
        assert table.devices["node3"].state is FeedState.ON
        assert await table.monkey.restore("node3", by="test") == RestoreResult()


async def test_halt_turns_on_everything_what_others_switched_off_too() -> None:
    async with Table().running() as table:
        await table.cut()
        table.devices["node1"].state = FeedState.OFF
        await table.clock.advance(15)  # by then the monkey has looked at the plugs
        turned_on = await table.soon(table.monkey.halt(by="test"))
        assert sorted(turned_on.restored) == ["node1 power", "node3 power"]
        assert all(device.state is FeedState.ON for device in table.devices.values())


async def test_halt_restores_the_others_although_one_is_stuck() -> None:
    async with Table().running() as table:
        for device in table.devices.values():
            device.state = FeedState.OFF
        table.devices["node1"].fails = 1
        assert await table.soon(table.monkey.halt(by="test")) == RestoreResult(
            restored=("node2 power", "node3 power"), on_its_way=("node1 power",)
        )
        assert table.devices["node2"].state is FeedState.ON
        assert table.devices["node3"].state is FeedState.ON
        assert table.devices["node1"].state is FeedState.ON  # tried again meanwhile


async def test_a_stop_restores_what_is_cut() -> None:
    async with Table().running() as table:
        await table.cut()
    assert table.devices["node3"].state is FeedState.ON
    assert table.journal.entries == []


async def test_a_stop_in_the_middle_of_a_stuck_restore_tries_on_and_then_leaves_the_journal() -> (
    None
):
    async with Table().running() as table:
        await table.cut(seconds=10)
        table.devices["node3"].fails = 10_000
        await table.clock.advance(12)
    assert table.devices["node3"].state is FeedState.OFF
    assert [entry.machine for entry in table.journal.entries] == ["node3"]


async def test_a_stop_while_a_plug_is_stuck_restores_it_if_it_answers_in_time() -> None:
    async with Table().running() as table:
        await table.cut(seconds=10)
        table.devices["node3"].fails = 5
        await table.clock.advance(10.5)
    assert table.devices["node3"].state is FeedState.ON
    assert table.journal.entries == []


@pytest.mark.parametrize(
    ("recorded", "published"), [(True, [PlugRestored]), (False, [CutShort, PlugRestored])]
)
async def test_the_start_undoes_what_the_journal_still_holds_and_owns_up_to_what_has_no_record(
    recorded: bool, published: list[type]
) -> None:
    entry = JournalEntry("x-node2", "node2", FeedKind.POWER, "test", 1.0, 2.0)
    table = Table(left_cut=[entry])
    table.tracker.know_ids(["x-node2"] if recorded else [])
    table.devices["node2"].state = FeedState.OFF
    async with table.running():
        await table.clock.advance(0)
        assert table.devices["node2"].state is FeedState.ON
        assert table.journal.entries == []
        assert [type(event) for event in table.events] == published


async def test_two_entries_of_one_plug_are_both_cleared() -> None:
    """The first could not be cleared, the disk was full; the second is of a cut after that."""
    entries = [
        JournalEntry(f"{i}-node2", "node2", FeedKind.POWER, "test", i, i + 1) for i in (1.0, 2.0)
    ]
    table = Table(left_cut=entries)
    table.devices["node2"].state = FeedState.OFF
    wrong: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, said: wrong.append(said))
    async with table.running():
        await table.clock.advance(0)
        await table.clock.advance(10)
        assert table.journal.entries == []
        assert table.monkey.cuts == {}
    assert wrong == []


async def test_an_entry_of_a_plug_that_is_no_longer_configured_is_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = JournalEntry("x-node9", "node9", FeedKind.POWER, "test", 1.0, 2.0)
    async with Table(left_cut=[entry]).running() as table:
        assert table.journal.entries == [entry]
    assert "no longer has that plug" in caplog.text


async def test_two_kills_at_once_are_one() -> None:
    async with Table().running() as table:
        outcomes = await asyncio.gather(
            table.cut("node3"), table.cut("node3"), table.cut("node2"), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [type(None), AlreadyOff, TooManyOff]
        assert table.diary.count("node3 off") == 1


async def test_a_plug_found_off_counts_as_off() -> None:
    async with Table().running() as table:
        table.devices["node1"].state = FeedState.OFF
        await table.clock.advance(15)
        with pytest.raises(TooManyOff):
            await table.cut("node3")


async def test_what_somebody_else_turned_off_is_read_again_before_anything_is_refused() -> None:
    async with Table().running() as table:
        table.devices["node1"].state = FeedState.OFF
        await table.clock.advance(15)
        table.devices["node1"].state = FeedState.ON
        await table.cut("node3")


async def test_a_plug_that_a_hand_turned_off_a_moment_ago_is_not_claimed_as_our_cut() -> None:
    async with Table().running() as table:
        table.devices["node3"].state = FeedState.OFF
        with pytest.raises(AlreadyOff):
            await table.cut("node3")
        assert table.events == []


async def test_a_stopping_server_cuts_nothing() -> None:
    async with Table().running() as table:
        pass
    with pytest.raises(Unavailable, match="stopping"):
        await table.cut()


async def test_halt_at_a_stopping_server_latches_and_says_that_it_stops() -> None:
    async with Table().running() as table:
        pass
    with pytest.raises(Unavailable, match="stopping"):
        await table.monkey.halt(by="test")
    assert table.monkey.safety.halted is not None


async def test_a_caller_who_left_changes_nothing_about_the_cut() -> None:
    async with Table().running() as table:
        async with asyncio.TaskGroup() as tasks:
            caller = tasks.create_task(table.cut(seconds=10))
            await asyncio.sleep(0)
            caller.cancel()
        await table.clock.advance(0)
        assert table.state("node3") is FeedState.OFF
        await table.clock.advance(10)
        assert table.state("node3") is FeedState.ON


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
