"""What is off is turned on, whatever turned it off, and what cannot be proven is not claimed."""

import asyncio

import pytest

from chaosmonkey.control.cut import WATCH_INTERVAL
from chaosmonkey.control.plug_polling import POLL_INTERVAL
from chaosmonkey.control.refusals import EndedFirst, LateCommand, Unreadable
from chaosmonkey.control.restore import RestoreResult
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import CutShort, FeedKind, FeedState, PlugCut, PlugRestored
from chaosmonkey.store.writer import RETRY
from tests.unit.control._table import FakeSensor, Table


async def test_a_plug_that_says_neither_on_nor_off_is_not_cut() -> None:
    """It could never be proven restored."""
    async with Table().running() as table:
        table.devices["node3"].state = FeedState.UNKNOWN
        with pytest.raises(Unreadable, match="neither on nor off"):
            await table.cut()
        await table.cut("node2")
        assert "node3 off" not in table.diary


async def test_a_restored_plug_that_cannot_be_read_says_so_and_holds_up_no_other() -> None:
    async with Table(max_off=1).running() as table:
        await table.cut(seconds=10)
        device = table.devices["node3"]
        device.reads_as = FeedState.UNKNOWN
        await table.clock.advance(10 + 25)
        (cut,) = table.monkey.cuts.values()
        assert cut.unread
        assert "accepted the command but cannot be read" in cut.trouble
        assert table.journal.entries
        assert table.monkey.facts().off == {}
        await table.cut("node2", seconds=3)  # the only one that may be off
        with pytest.raises(Unreadable):
            await table.cut("node3")
        assert await table.soon(table.monkey.halt(by="Ada")) == RestoreResult(
            restored=("node2 power",), on_its_way=("node3 power",)
        )
        device.reads_as = None
        await table.clock.advance(10)
        assert table.journal.entries == []
        assert table.monkey.cuts == {}


async def test_halt_waits_for_no_device_that_was_in_trouble_before() -> None:
    """One dead plug on the table must not make every HALT take its whole patience."""
    async with Table().running() as table:
        await table.cut(seconds=60)
        dead = table.devices["node2"]
        dead.reads_as, dead.remark, dead.slow = FeedState.UNKNOWN, "It is dead.", asyncio.Event()
        await table.plugs["node2", FeedKind.POWER].read()
        before = table.clock.now()
        halted = await table.soon(table.monkey.halt(by="Ada"), 0)
        assert table.clock.now() == before
        assert halted == RestoreResult(restored=("node3 power",), on_its_way=("node2 power",))
        dead.slow.set()


async def test_a_plug_that_is_off_at_the_start_is_turned_on_and_told() -> None:
    table = Table()
    table.devices["node2"].state = FeedState.OFF
    async with table.running():
        await table.clock.advance(1)
        assert table.devices["node2"].state is FeedState.ON
        assert table.monkey.found_off == [("node2", "power")]
        assert [type(event) for event in table.events] == [PlugRestored]


async def test_a_plug_that_may_be_off_is_left_off_at_the_start() -> None:
    table = Table(may_be_off="node2")
    table.devices["node2"].state = table.devices["node3"].state = FeedState.OFF
    async with table.running():
        await table.clock.advance(POLL_INTERVAL + 1)
        assert table.devices["node2"].state is FeedState.OFF
        assert table.devices["node3"].state is FeedState.ON


async def test_a_plug_that_goes_off_later_by_a_hand_is_left_off() -> None:
    async with Table().running() as table:
        await table.clock.advance(1)
        table.devices["node2"].state = FeedState.OFF
        await table.clock.advance(2 * POLL_INTERVAL)
        assert table.devices["node2"].state is FeedState.OFF


async def test_a_cut_that_was_cut_short_and_arrives_late_is_undone_and_is_an_outage() -> None:
    async with Table().running() as table:
        device = table.devices["node3"]
        device.in_flight_is(table, 8.0)
        slow = device.slow = asyncio.Event()
        cutting = asyncio.gather(table.cut(), return_exceptions=True)
        await table.clock.advance(0)
        device.slow = None
        assert await table.soon(table.monkey.halt(by="Ada"), 1) == RestoreResult(("node3 power",))
        assert isinstance((await cutting)[0], EndedFirst)
        table.monkey.release(by="Ada")
        table.monkey.arm(by="Ada")
        with pytest.raises(LateCommand) as refused:
            await table.cut()
        assert refused.value.facts["allowed_at"] == table.plugs["node3", FeedKind.POWER].late_until
        assert table.journal.entries, "the entry was not kept while the command could arrive"
        device.state = FeedState.OFF  # it arrives
        await table.clock.advance(WATCH_INTERVAL + 1)
        assert device.state is FeedState.ON
        await table.clock.advance(8)
        assert table.journal.entries == []
        short, cut, restored = table.events
        assert isinstance(short, CutShort)
        assert isinstance(cut, PlugCut)
        assert isinstance(restored, PlugRestored)
        assert cut.at <= restored.at
        slow.set()


async def test_halt_that_the_disk_did_not_take_is_written_as_soon_as_it_does() -> None:
    async with Table().running() as table:
        table.journal.full = True
        await table.soon(table.monkey.halt(by="Ada"))
        assert table.monkey.pending_writes.pending == ("HALT",)
        assert table.journal.halt is None
        await table.clock.advance(3 * RETRY)
        assert table.journal.halt is None
        table.journal.full = False
        await table.clock.advance(RETRY)
        assert table.journal.halt is not None
        assert table.monkey.pending_writes.pending == ()


async def test_the_end_of_a_cut_that_the_disk_did_not_take_is_written_later() -> None:
    async with Table().running() as table:
        await table.cut(seconds=3)
        table.journal.full = True
        await table.clock.advance(4)
        assert table.devices["node3"].state is FeedState.ON
        assert table.journal.entries
        table.journal.full = False
        await table.clock.advance(RETRY)
        assert table.journal.entries == []


async def test_a_cut_that_was_given_up_half_way_says_so() -> None:
    """Nothing saw the feed go: that is told, and no outage is made of it."""
    async with Table().running() as table:
        device = table.devices["node3"]
        slow = device.slow = asyncio.Event()
        cutting = asyncio.gather(table.cut(), return_exceptions=True)
        await table.clock.advance(0)
        device.slow = None
        await table.soon(table.monkey.halt(by="Ada"), 1)
        await cutting
        short, restored = table.events
        assert isinstance(short, CutShort)
        assert isinstance(restored, PlugRestored)
        assert (short.by, short.machine) == ("test", "node3")
        assert short.commanded <= short.at <= restored.at
        slow.set()


async def test_a_cut_that_was_given_up_half_way_is_an_outage_if_its_sensor_saw_it() -> None:
    sensors = {"node3": FakeSensor(FeedState.ON)}
    async with Table(sensors=sensors).running() as table:
        await table.clock.advance(1)
        device = table.devices["node3"]
        slow = device.slow = asyncio.Event()
        cutting = asyncio.gather(table.cut(), return_exceptions=True)
        await table.clock.advance(0.5)
        lost = table.clock.now()
        sensors["node3"].says(FeedState.OFF, lost)
        await table.clock.advance(0)
        device.slow = None
        sensors["node3"].says(FeedState.ON, table.clock.now())
        await table.soon(table.monkey.halt(by="Ada"), 3)
        await cutting
        (cut,) = [event for event in table.events if isinstance(event, PlugCut)]
        assert (cut.at, cut.sensed, cut.by) == (lost, True, "test")
        slow.set()


async def test_a_cut_that_failed_half_way_is_told_as_one_too() -> None:
    """A device that answers with an error may have done it all the same."""
    async with Table().running() as table:
        table.devices["node3"].fails = 1
        with pytest.raises(PlugFailed):
            await table.soon(table.cut())
        assert [type(event) for event in table.events] == [CutShort, PlugRestored]
