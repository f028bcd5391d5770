"""What a start turns on before anything else, whatever has become of the journal."""

import asyncio
import shlex
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from chaosmonkey.clock import SystemClock
from chaosmonkey.config import Lab, build
from chaosmonkey.errors import StoreFailed
from chaosmonkey.model import FeedKind
from chaosmonkey.rescue import rescued
from chaosmonkey.store import (
    FolderInUse,
    Journal,
    JournalEntry,
    Witness,
    hold_folder,
    open_database,
    secret_key,
)
from chaosmonkey.store.database import FILE
from tests.patience import PATIENCE
from tests.sure import sure

MACHINES = ("node1", "node2", "node3")
CUT = JournalEntry("o", "node3", FeedKind.POWER, "test", 1000.0, 1060.0)
LOG = f"{FILE}-wal"


def lab(folder: Path) -> Lab:
    """Three machines whose plugs stay as they are when they are opened; all may be off."""

    def plug(name: str) -> dict[str, object]:
        state = shlex.quote(str(folder / name))
        return {
            "driver": "command",
            "cut": ["sh", "-c", f"echo off > {state}"],
            "restore": ["sh", "-c", f"echo on > {state}"],
            "read": ["cat", str(folder / name)],
        }

    return build(
        {
            "server": {"data": str(folder / "data")},
            "machine": [
                {"name": name, "may_be_off": True, "power": plug(name)} for name in MACHINES
            ],
        }
    )


async def left_dark(folder: Path, *, killed: bool = False) -> None:
    """An earlier server cut node3 and died; node2 is off for reasons of its own."""
    for name in MACHINES:
        (folder / name).write_text("on" if name == "node1" else "off")
    (folder / "data").mkdir()
    with hold_folder(folder / "data"):
        secret_key(folder / "data")
        async with open_database(folder / "data", SystemClock()) as database:
            await Journal(database, Witness(folder / "data")).write(CUT)
            if killed:  # nothing was closed: the log still holds all that was written
                shutil.copytree(folder / "data", folder / "killed")
    if killed:
        shutil.rmtree(folder / "data")
        (folder / "killed").rename(folder / "data")


def states(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text().strip() for name in MACHINES}


async def are_on(folder: Path, *names: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while any(states(folder)[name] != "on" for name in names):
            await asyncio.sleep(0.01)


async def test_what_the_journal_says_was_cut_is_on_before_the_server_is_even_made(
    tmp_path: Path,
) -> None:
    await left_dark(tmp_path)
    async with rescued(lab(tmp_path)) as table:
        await are_on(tmp_path, "node3")
        assert states(tmp_path)["node2"] == "off"  # not ours, and it may be
        async with asyncio.timeout(PATIENCE):
            while ("node3", FeedKind.POWER) not in table.restored:
                await asyncio.sleep(0.01)
        assert len(await Journal(table.database).open_cuts()) == 1  # the monkey clears it


def emptied(data: Path) -> None:
    for file in data.glob(f"{FILE}*"):
        file.write_bytes(b"")


def deleted(data: Path) -> None:
    for file in data.glob(f"{FILE}*"):
        file.unlink()


def overwritten(data: Path) -> None:
    for file in data.glob(f"{FILE}*"):
        file.write_bytes(b"\xff" * 8192)


@pytest.mark.parametrize("lose", [emptied, deleted, overwritten])
async def test_without_evidence_every_plug_is_turned_on_and_that_is_told(
    tmp_path: Path, lose: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    await left_dark(tmp_path)
    lose(tmp_path / "data")
    async with rescued(lab(tmp_path)):
        await are_on(tmp_path, *MACHINES)
    assert "The journal was lost" in caplog.text
    assert "turning every plug on" in caplog.text


def log_deleted(data: Path) -> None:
    (data / LOG).unlink()


def log_emptied(data: Path) -> None:
    (data / LOG).write_bytes(b"")


def log_garbled(data: Path) -> None:
    (data / LOG).write_bytes(b"\xff" * (data / LOG).stat().st_size)


def log_garbled_at_its_end(data: Path) -> None:
    content = (data / LOG).read_bytes()
    (data / LOG).write_bytes(content[:-100] + b"\xff" * 100)


def log_cut_short(data: Path) -> None:
    content = (data / LOG).read_bytes()
    (data / LOG).write_bytes(content[:-4096])


def list_garbled(data: Path) -> None:
    (data / "open-cuts.json").write_bytes(b"[7")


LOST = [log_deleted, log_emptied, log_garbled, log_garbled_at_its_end, log_cut_short, list_garbled]


@pytest.mark.parametrize("lose", LOST)
async def test_a_journal_that_lost_its_latest_entries_turns_every_plug_on_once(
    tmp_path: Path, lose: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite opens such a database without an error, as if the cut had never been made."""
    await left_dark(tmp_path, killed=True)
    lose(tmp_path / "data")
    async with rescued(lab(tmp_path)) as table:
        await are_on(tmp_path, *MACHINES)
        assert "The journal was lost" in caplog.text
        async with asyncio.timeout(PATIENCE):
            while await table.journal.contradiction():
                await asyncio.sleep(0.01)
    caplog.clear()
    async with rescued(lab(tmp_path)):
        assert "The journal was lost" not in caplog.text


async def test_a_journal_that_a_killed_server_left_is_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await left_dark(tmp_path, killed=True)
    async with rescued(lab(tmp_path)) as table:
        await are_on(tmp_path, "node3")
        assert table.database.lost == ""
        assert states(tmp_path)["node2"] == "off"
        await table.journal.clear("o", at=1002.0)
    async with rescued(lab(tmp_path)) as table:
        assert table.database.lost == ""
    assert "The journal was lost" not in caplog.text


async def test_a_journal_of_a_newer_version_turns_every_plug_on_before_the_start_fails(
    tmp_path: Path,
) -> None:
    await left_dark(tmp_path)
    with sqlite3.connect(tmp_path / "data" / FILE) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StoreFailed, match="newer version"):
        async with rescued(lab(tmp_path)):
            raise AssertionError("it started")
    assert set(states(tmp_path).values()) == {"on"}


def made_a_file(data: Path) -> None:
    shutil.rmtree(data)
    data.touch()


def with_a_lock_that_is_a_folder(data: Path) -> None:
    (data / "lock").unlink()
    (data / "lock").mkdir()


def with_a_database_that_is_a_folder(data: Path) -> None:
    deleted(data)
    (data / FILE).mkdir()


def in_a_loop_of_links(data: Path) -> None:
    shutil.rmtree(data)
    data.symlink_to(data)


@pytest.mark.parametrize(
    "spoil",
    [
        in_a_loop_of_links,
        made_a_file,
        with_a_lock_that_is_a_folder,
        with_a_database_that_is_a_folder,
    ],
)
async def test_a_data_folder_that_cannot_be_used_turns_every_plug_on_and_takes_no_cut(
    tmp_path: Path, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    await left_dark(tmp_path)
    spoil(tmp_path / "data")
    async with rescued(lab(tmp_path)) as table:
        await are_on(tmp_path, *MACHINES)
        journal = Journal(table.database)
        assert (await journal.open_cuts(), await journal.halted()) == ([], None)
        entry = JournalEntry("o", "node3", FeedKind.POWER, "test", 1000.0, 1060.0)
        with pytest.raises(StoreFailed, match=r"is not writable|failed"):
            await journal.write(entry)
    assert "Turning every plug on" in caplog.text


async def test_a_data_folder_that_another_server_uses_ends_the_start_and_touches_nothing(
    tmp_path: Path,
) -> None:
    await left_dark(tmp_path)
    with hold_folder(tmp_path / "data"), pytest.raises(FolderInUse):
        async with rescued(lab(tmp_path)):
            raise AssertionError("it started")
    assert states(tmp_path)["node3"] == "off"


async def test_a_first_start_leaves_what_may_be_off(tmp_path: Path) -> None:
    for name in MACHINES:
        (tmp_path / name).write_text("off")
    async with rescued(lab(tmp_path)) as table:
        assert table.database.lost == ""
        assert await Journal(table.database).open_cuts() == []
        assert set(states(tmp_path).values()) == {"off"}


async def test_a_device_that_hangs_holds_up_no_other(tmp_path: Path) -> None:
    await left_dark(tmp_path)
    settings = lab(tmp_path)
    hanging = sure(settings.machine[0].power).model_copy(update={"restore": ("sleep", "3600")})
    first = settings.machine[0].model_copy(update={"power": hanging})
    settings = settings.model_copy(update={"machine": (first, *settings.machine[1:])})
    (tmp_path / "node1").write_text("off")
    deleted(tmp_path / "data")
    async with rescued(settings):
        await are_on(tmp_path, "node2", "node3")


async def test_a_database_that_is_deleted_or_replaced_while_it_is_used_takes_no_cut(
    tmp_path: Path,
) -> None:
    """What is written into a file without a name is gone with the process."""
    entry = JournalEntry("o", "node3", FeedKind.POWER, "test", 1000.0, 1060.0)
    for replace in (False, True):
        data = tmp_path / str(replace)
        data.mkdir()
        with hold_folder(data):
            async with open_database(data, SystemClock()) as database:
                await Journal(database).note_halt(1.0, "Ada")
                for file in data.glob(f"{FILE}*"):
                    content = file.read_bytes()
                    file.unlink()
                    if replace:
                        file.write_bytes(content)
                with pytest.raises(StoreFailed, match="deleted or replaced"):
                    await Journal(database).write(entry)
