"""What must survive a power cut does, and a damaged file is never silently dropped."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from chaosmonkey.clock import ManualClock
from chaosmonkey.errors import StoreFailed
from chaosmonkey.model import FeedKind, Origin, Outage
from chaosmonkey.store import (
    Audit,
    AuditEntry,
    Journal,
    JournalEntry,
    Recorder,
    Records,
    hold_folder,
    open_database,
)
from chaosmonkey.store.database import FILE, MIGRATIONS
from chaosmonkey.store.recorder import GATHER
from tests.sure import sure

ENTRY = JournalEntry("20261120-101500-node3", "node3", FeedKind.POWER, "test", 1000.0, 1060.0)


def outage(name: str, *, closed: float | None = None, t0: float = 1000.0) -> Outage:
    return Outage(
        id=name, machine="node3", node="node3", origin=Origin.COMMANDED, t0=t0, closed=closed
    )


async def test_what_the_journal_holds_is_there_after_a_restart(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with open_database(tmp_path, clock) as database:
        await Journal(database).write(ENTRY)
    async with open_database(tmp_path, clock) as database:
        assert await Journal(database).open_cuts() == [ENTRY]
        await Journal(database).clear(ENTRY.outage, at=2.0)
        assert await Journal(database).open_cuts() == []


async def test_a_journal_entry_is_on_the_disk_when_write_returns(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with open_database(tmp_path, clock) as database:
        await Journal(database).write(ENTRY)
        with sqlite3.connect(tmp_path / FILE) as other:  # what a crash now would leave
            assert other.execute("SELECT machine FROM journal").fetchall() == [("node3",)]
        (mode,) = (await database.read("PRAGMA synchronous"))[0]
        assert mode == 2  # FULL: committed means synced


async def test_records_keep_the_latest_state_newest_first(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with open_database(tmp_path, clock) as database:
        records = Records(database)
        await records.save(outage("old", t0=1.0))
        await records.save(outage("new", t0=2.0))
        await records.save(outage("old", t0=1.0, closed=5.0))
        assert [one.id for one in await records.latest()] == ["new", "old"]
        assert sure(await records.get("old")).closed == 5.0
        assert [one.id for one in await records.unfinished()] == ["new"]
        assert await records.get("none") is None
        assert len(await records.latest(1)) == 1


async def test_a_record_is_never_written_over_by_another_outage(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with open_database(tmp_path, clock) as database:
        records = Records(database)
        await records.save(outage("same", t0=1.0, closed=12.6))
        invented = outage("same", t0=1.4)
        await records.save(invented)
        await records.save(replace(invented, closed=99.0))
        assert sure(await records.get("same")).closed == 12.6
        assert [one.closed for one in await records.latest()] == [99.0, 12.6]
        assert len(set(await records.ids())) == 2


async def test_a_record_follows_a_clock_that_was_set_right_in_mid_outage(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with open_database(tmp_path, clock) as database:
        records = Records(database)
        await records.save(outage("one", t0=1.0))
        await records.save(outage("one", t0=1e9, closed=1e9 + 5))
        assert [(one.t0, one.closed) for one in await records.latest()] == [(1e9, 1e9 + 5)]


def test_a_folder_belongs_to_one_process(tmp_path: Path) -> None:
    used = pytest.raises(StoreFailed, match="in use by another chaosmonkey")
    with hold_folder(tmp_path), used, hold_folder(tmp_path):
        pass
    with hold_folder(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StoreFailed, match="is not writable"), hold_folder(blocked / "data"):
        pass


async def test_a_damaged_file_is_set_aside_whole_and_said_to_be(
    tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = b"this is no database" * 400
    (tmp_path / FILE).write_bytes(damaged)
    async with open_database(tmp_path, clock) as database:
        (kept,) = tmp_path.glob(f"{FILE}.damaged-*")
        assert database.lost == f"the database was damaged; it is kept as {kept.name}"
        assert kept.read_bytes() == damaged
        await Journal(database).write(ENTRY)
    assert "is damaged" in caplog.text
    assert "every plug is being turned on" in caplog.text


async def test_a_file_damaged_in_the_middle_is_found_out(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with open_database(tmp_path, clock) as database:
        records = Records(database)
        for number in range(200):
            await records.save(outage(f"outage-{number}", t0=float(number)))
    path = tmp_path / FILE
    content = bytearray(path.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    path.write_bytes(content)
    async with open_database(tmp_path, clock) as database:
        assert "damaged" in database.lost


async def test_a_newer_versions_file_is_left_alone(tmp_path: Path, clock: ManualClock) -> None:
    async with open_database(tmp_path, clock):
        pass
    with sqlite3.connect(tmp_path / FILE) as newer:
        newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(StoreFailed, match="newer version"):
        async with open_database(tmp_path, clock):
            pass


async def test_an_older_file_is_migrated_and_keeps_what_it_holds(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_database(tmp_path, clock) as database:
        await Journal(database).write(ENTRY)
    more = (*MIGRATIONS, "ALTER TABLE journal ADD COLUMN note TEXT;")
    monkeypatch.setattr("chaosmonkey.store.database.MIGRATIONS", more)
    async with open_database(tmp_path, clock) as database:
        assert await database.read("SELECT machine, note FROM journal") == [("node3", None)]
        assert await database.read("PRAGMA user_version") == [(len(more),)]


async def test_a_full_disk_is_an_error_of_ours(tmp_path: Path, clock: ManualClock) -> None:
    async with open_database(tmp_path, clock) as database:
        pages = (await database.read("PRAGMA page_count"))[0][0]
        await database.read(f"PRAGMA max_page_count = {pages}")  # SQLite then says that it is full
        with pytest.raises(StoreFailed, match="full"):
            await _write_many(Journal(database))


async def _write_many(journal: Journal) -> None:
    for number in range(1000):
        await journal.write(
            JournalEntry(f"o{number}", "node3", FeedKind.POWER, "x" * 200, 1.0, 2.0)
        )


class RefusingRecords(Records):
    """Records that refuse the first writes."""

    def __init__(self, refuse: int) -> None:
        self.refuse = refuse
        self.saved: list[Outage] = []

    async def save(self, outage: Outage) -> None:
        if self.refuse:
            self.refuse -= 1
            raise StoreFailed("The disk is full.")
        self.saved.append(outage)


async def test_that_an_outage_began_is_written_at_once_and_what_follows_is_gathered(
    clock: ManualClock,
) -> None:
    records = RefusingRecords(refuse=0)
    recorder = Recorder(records, clock)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(recorder.run())
        recorder.keep(outage("a", t0=1.0))
        await clock.advance(0)
        assert [one.t0 for one in records.saved] == [1.0]
        recorder.keep(outage("a", t0=2.0))
        recorder.keep(outage("a", t0=3.0))
        await clock.advance(GATHER / 2)
        assert len(records.saved) == 1
        await clock.advance(GATHER)
        task.cancel()
    assert [one.t0 for one in records.saved] == [1.0, 3.0]


async def test_the_recorder_loses_none_that_the_disk_did_not_take(clock: ManualClock) -> None:
    records = RefusingRecords(refuse=1)
    recorder = Recorder(records, clock)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(recorder.run())
        recorder.keep(outage("a", t0=1.0))
        recorder.keep(outage("a", t0=2.0))
        await clock.advance(1)
        assert records.saved == []
        await clock.advance(6)
        assert [one.t0 for one in records.saved] == [2.0]
        recorder.keep(outage("b"))
        await asyncio.sleep(0)
        task.cancel()
    assert [one.id for one in records.saved] == ["a", "b"]


async def fill(journal: Journal) -> None:
    for number in range(1000):
        await journal.write(replace(ENTRY, outage=f"outage {number} {'x' * 500}"))


async def test_on_a_full_disk_the_journal_says_so_and_keeps_what_it_had(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with open_database(tmp_path, clock) as database:
        journal = Journal(database)
        await journal.write(ENTRY)
        ((pages,),) = await database.read("PRAGMA page_count")
        await database.read(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreFailed, match="full"):
            await fill(journal)
        assert ENTRY in await journal.open_cuts()
        await journal.note_halt(1.0, "Ada")


async def test_halt_is_kept_until_it_is_released_and_the_first_one_counts(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with open_database(tmp_path, clock) as database:
        journal = Journal(database)
        assert await journal.halted() is None
        await journal.note_halt(1.0, "Ada")
        await journal.note_halt(2.0, "Bob")
    async with open_database(tmp_path, clock) as database:
        assert await Journal(database).halted() == (1.0, "Ada")
        await Journal(database).note_release()
        assert await Journal(database).halted() is None


async def test_a_restored_machine_is_remembered_for_its_rest_and_forgotten_after(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with open_database(tmp_path, clock) as database:
        journal = Journal(database)
        await journal.write(ENTRY)
        await journal.clear(ENTRY.outage, at=1050.0)
        assert await journal.last_restored() == {"node3": 1050.0}
        await journal.forget(before=2000.0)
        assert await journal.last_restored() == {}


def entry(number: int, *, accepted: bool = True) -> AuditEntry:
    return AuditEntry(float(number), "Ada", "presenter", "127.0.0.1", f"POST /{number}", accepted)


async def test_deeds_are_told_newest_first_and_are_there_after_a_restart(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with open_database(tmp_path, clock) as database:
        audit = Audit(database, clock)
        for number in range(5):
            audit.note(entry(number))
        assert [one.command for one in await audit.latest(3)] == ["POST /4", "POST /3", "POST /2"]
    async with open_database(tmp_path, clock) as database:
        assert await Audit(database, clock).latest(1) == [entry(4)]


async def test_deeds_that_the_disk_does_not_take_are_kept_and_shown(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with open_database(tmp_path, clock) as database:
        audit = Audit(database, clock)
        audit.note(entry(1))
        await audit.latest(1)
        await database.read("PRAGMA query_only = 1")
        audit.note(entry(2))
        assert [one.command for one in await audit.latest(5)] == ["POST /2", "POST /1"]
        await database.read("PRAGMA query_only = 0")
        assert [one.command for one in await audit.latest(5)] == ["POST /2", "POST /1"]


async def test_two_cuts_of_a_machine_in_one_second_are_both_noted_one_after_the_other(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with open_database(tmp_path, clock) as database:
        journal = Journal(database)
        await journal.write(ENTRY)
        await journal.clear(ENTRY.outage, at=1000.4)
        again = replace(ENTRY, commanded=1000.6, feed=FeedKind.NETWORK)
        await journal.write(again)
        assert await journal.open_cuts() == [again]
        await journal.withdraw(ENTRY.outage)
        assert await journal.open_cuts() == []
        assert await journal.last_restored() == {}
