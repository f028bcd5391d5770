"""HALT latches and comes first; what is not armed is not cut; power comes back by turns."""

import asyncio

import pytest

from chaosmonkey.control.cut import TIMER_MARGIN
from chaosmonkey.control.refusals import EndedFirst, Halted, NotArmed
from chaosmonkey.control.restore import RestoreResult
from chaosmonkey.model import FeedState, Stale
from tests.unit.control._table import LAB, Table


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
        with pytest.raises(Halted, match="Ada triggered it"):
            await again.cut()
        again.monkey.release(by="Ada")
        await again.clock.advance(0)
    assert again.journal.halt is None


async def test_a_clock_that_was_set_back_prolongs_no_rest_and_halt_is_not_of_the_future() -> None:
    """A Pi without a battery starts with a time of before its power cut."""
    table = Table(machine_cooldown=10)
    table.journal.cooldowns = {"node3": table.clock.now() + 3600}
    table.journal.halt = table.clock.now() + 3600, "Ada"
    async with table.running(armed=False):
        assert table.monkey.safety.halted == table.clock.now()
        table.monkey.release(by="Ada")
        table.monkey.arm(by="test")
        assert table.monkey.cooldown_until("node3") == table.clock.now() + 10


async def test_halt_needs_no_database_and_no_cluster() -> None:
    async with Table().running() as table:
        await table.cut()
        table.journal.full = True
        table.publish(Stale(table.clock.now(), "test"))
        assert await table.soon(table.monkey.halt(by="Ada")) == RestoreResult(("node3 power",))
        assert table.devices["node3"].state is FeedState.ON
        with pytest.raises(Halted):
            await table.cut("node2")


async def test_a_cut_that_waits_for_the_journal_when_halt_is_pressed_is_never_made() -> None:
    async with Table().running() as table:
        table.journal.slow = asyncio.Event()
        cutting = asyncio.gather(table.cut(), return_exceptions=True)
        await table.clock.advance(0)
        assert (
            await table.soon(table.monkey.halt(by="Ada")) == RestoreResult()
        )  # it never lost its power
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
        assert table.devices["node3"].state is FeedState.ON
        assert table.journal.entries == []


async def test_restoring_a_machine_before_its_plug_was_opened_ends_the_cut_too() -> None:
    async with Table().running() as table:
        table.journal.slow = asyncio.Event()
        cutting = asyncio.gather(table.cut(), return_exceptions=True)
        await table.clock.advance(0)
        await table.soon(table.monkey.restore("node3", by="Ada"))
        (refusal,) = await cutting
        assert isinstance(refusal, EndedFirst)
        assert "node3 was not cut: Ada restored it" in str(refusal)


async def test_while_halt_holds_a_plug_that_somebody_turns_off_is_turned_on_again() -> None:
    async with Table().running() as table:
        await table.monkey.halt(by="Ada")
        table.devices["node2"].state = FeedState.OFF
        await table.clock.advance(16)
        assert table.devices["node2"].state is FeedState.ON


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
        assert table.state("node3") is FeedState.OFF
        await table.clock.advance(30)
        assert table.state("node3") is FeedState.ON


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
        assert [device.state for device in table.devices.values()].count(FeedState.ON) == 1
        await table.clock.advance(0.5)
        assert [device.state for device in table.devices.values()].count(FeedState.ON) == 2
        await table.clock.advance(0.5)
        await halting
        assert all(device.state is FeedState.ON for device in table.devices.values())


async def test_a_device_with_a_timer_is_told_when_to_turn_itself_on() -> None:
    async with Table().running() as table:
        await table.cut(seconds=30)
        assert table.devices["node3"].timer == 30 + TIMER_MARGIN


async def test_a_cut_that_was_never_made_needs_no_rest_after_it() -> None:
    async with Table(machine_cooldown=20).running() as table:
        table.journal.slow = asyncio.Event()
        cutting = asyncio.gather(table.cut(), return_exceptions=True)
        await table.clock.advance(0)
        await table.soon(table.monkey.restore("node3", by="Ada"))
        await cutting
        table.journal.slow.set()
        assert table.monkey.cooldown_until("node3") is None
        await table.cut()
