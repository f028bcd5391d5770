"""One SQLite file in the data folder: locked by one process, migrated, never silently dropped.

lock the folder ─► open ─► damaged? rename it, log it, start a new one ─► migrate ─► ready
                     └───► unusable? in memory: nothing is stored, so nothing is cut
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiosqlite

from chaosmonkey.clock import Clock
from chaosmonkey.datafiles import give_to_owner, open_lock
from chaosmonkey.errors import StoreFailed

log = logging.getLogger(__name__)

FILE = "chaosmonkey.db"

KEY_FILE = "secret.key"
"""The first file that a server creates in its folder (`key`): without it, this is a first start."""

MIGRATIONS = (
    """
    CREATE TABLE journal (
        outage TEXT PRIMARY KEY,
        machine TEXT NOT NULL,
        feed TEXT NOT NULL,
        asked_by TEXT NOT NULL,
        commanded REAL NOT NULL,
        restore_by REAL NOT NULL
    );
    CREATE TABLE outages (
        id TEXT PRIMARY KEY,
        machine TEXT NOT NULL,
        began REAL NOT NULL,
        closed REAL,
        document TEXT NOT NULL
    );
    CREATE INDEX outages_by_time ON outages (began);
    """,
    """
    ALTER TABLE journal ADD COLUMN cleared REAL;
    CREATE TABLE halt (only_one INTEGER PRIMARY KEY, since REAL NOT NULL, by TEXT NOT NULL);
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        who TEXT NOT NULL,
        role TEXT NOT NULL,
        address TEXT NOT NULL,
        command TEXT NOT NULL,
        accepted INTEGER NOT NULL,
        rule TEXT NOT NULL,
        why TEXT NOT NULL
    );
    """,
    """
    CREATE TABLE rounds (id TEXT PRIMARY KEY, opened REAL NOT NULL, document TEXT NOT NULL);
    CREATE TABLE entries (
        round TEXT NOT NULL,
        ticket INTEGER NOT NULL,
        who TEXT NOT NULL,
        value TEXT NOT NULL,
        at REAL NOT NULL,
        PRIMARY KEY (round, ticket)
    );
    CREATE TABLE names (who TEXT PRIMARY KEY, name TEXT NOT NULL);
    """,
    """
    CREATE TABLE show (only_one INTEGER PRIMARY KEY, at REAL NOT NULL, document TEXT NOT NULL);
    """,
)
"""The scripts from an empty file to the present schema. A file's `user_version` counts the scripts
that it has run; new ones are appended and old ones never change."""


class FolderInUse(StoreFailed):
    """Another process uses the data folder."""

    title = "Data folder in use"


class WrittenByNewer(StoreFailed):
    """A newer version wrote the database."""

    title = "Database of a newer version"


class Database:
    """An open database.

    Attributes:
        lost: why the data of an earlier process is lost, as the end of a sentence; "" if nothing
            indicates that.
        unusable: why it stores nothing, so that every write fails; None if it is usable.
    """

    def __init__(
        self,
        connection: aiosqlite.Connection,
        path: Path,
        lost: str,
        unusable: StoreFailed | None = None,
    ) -> None:
        self.path = path
        self.lost = lost
        self.unusable = unusable
        self._connection = connection
        self._files = {file: _identity(file) for file in _parts(path)} if not unusable else {}

    async def write(self, sql: str, values: Iterable[Any] = ()) -> None:
        """Run one statement; it is on the disk when this returns. Raises StoreFailed."""
        if self.unusable is not None:
            raise StoreFailed(self.unusable.message, remedy=self.unusable.remedy)
        self._check_is_ours()
        try:
            await self._connection.execute(sql, tuple(values))
        except sqlite3.Error as error:
            raise _failed(self.path, error) from None

    def _check_is_ours(self) -> None:
        """Raise StoreFailed if a file was deleted or replaced, since writes would be lost."""
        for file, known in self._files.items():
            found = _identity(file)
            if known is not None and found != known:
                raise StoreFailed(
                    f"{file} was deleted or replaced while this server was using it.",
                    remedy="Restart the server: it turns every plug on and creates a new database.",
                )
            self._files[file] = found

    async def read(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; raises StoreFailed."""
        try:
            async with self._connection.execute(sql, tuple(values)) as cursor:
                return [tuple(row) for row in await cursor.fetchall()]
        except sqlite3.Error as error:
            raise _failed(self.path, error) from None


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Lock a data folder for this process; creates it if it is missing.

    Raises:
        FolderInUse: another process uses it.
        StoreFailed: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open_lock(folder / "lock", 0o644)
    except OSError as error:
        raise StoreFailed(
            f"The data folder {folder} is not writable: {error.strerror}.",
            remedy="Make it writable for this user, or choose another (--data, [server] data).",
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise FolderInUse(
            f"The data folder {folder} is in use by another chaosmonkey.",
            remedy="Stop that one first, or choose another folder (--data, [server] data).",
        ) from None
    finally:
        os.close(lock)


@asynccontextmanager
async def open_database(folder: Path, clock: Clock) -> AsyncIterator[Database]:
    """Open the database in a folder that this process has locked.

    Raises:
        WrittenByNewer: a newer version wrote it.
        StoreFailed: it cannot be used.
    """
    path = folder / FILE
    lost = ""
    try:
        if not path.exists() or path.stat().st_size == 0:
            if (folder / KEY_FILE).exists():  # this is not the first start
                lost = "the database is missing" if not path.exists() else "the database is empty"
            path.touch()
            give_to_owner(path, folder)  # SQLite gives its companion files the same owner
        connection, damaged = await _connect(path, clock)
    except OSError as error:
        raise _failed(path, error) from None
    try:
        await _migrate(connection, path)
        yield Database(connection, path, lost or damaged)
    finally:
        await connection.close()


@asynccontextmanager
async def open_nowhere(folder: Path, why: StoreFailed) -> AsyncIterator[Database]:
    """Open an empty replacement for an unusable database, which refuses every write."""
    connection = await aiosqlite.connect(":memory:", isolation_level=None)
    try:
        await _migrate(connection, folder / FILE)
        yield Database(connection, folder / FILE, "", unusable=why)
    finally:
        await connection.close()


def _parts(path: Path) -> list[Path]:
    return [path, path.with_name(f"{path.name}-wal")]


def _identity(file: Path) -> tuple[int, int] | None:
    """The identity of a file, whatever its name; None if it does not exist."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


async def _connect(path: Path, clock: Clock) -> tuple[aiosqlite.Connection, str]:
    """Open the file; if it is damaged, rename it with its companions and start a new one.

    Also returns what was wrong, as the end of a sentence, "" if nothing was.
    """
    try:
        return await _open(path), ""
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise _failed(path, error) from None
        aside = path.with_name(f"{FILE}.damaged-{int(clock.now())}")
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(FILE + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        log.error(
            "The database %s is damaged (%s). Renamed it to %s and started a new one: "
            "its journal is lost, so every plug is being turned on. "
            "`sqlite3 %s .recover` may still read the old records.",
            path, error, aside.name, aside,
        )  # fmt: skip
        return await _open(path), f"the database was damaged; it is kept as {aside.name}"


async def _open(path: Path) -> aiosqlite.Connection:
    # isolation_level None: every statement commits by itself; synchronous FULL: and is on the disk.
    connection = await aiosqlite.connect(path, isolation_level=None)
    try:
        await connection.execute("PRAGMA journal_mode = WAL")
        await connection.execute("PRAGMA synchronous = FULL")
        async with connection.execute("PRAGMA quick_check") as cursor:
            verdict = await cursor.fetchone()
        if verdict is None or verdict[0] != "ok":
            raise sqlite3.DatabaseError(str(verdict[0] if verdict else "no answer to quick_check"))
    except BaseException:
        await connection.close()
        raise
    return connection


async def _migrate(connection: aiosqlite.Connection, path: Path) -> None:
    async with connection.execute("PRAGMA user_version") as cursor:
        row = await cursor.fetchone()
    version = row[0] if row else 0
    if version > len(MIGRATIONS):
        raise WrittenByNewer(
            f"{path} was written by a newer version (schema {version}, known here: "
            f"{len(MIGRATIONS)}).",
            remedy="Install that version again, or choose another data folder.",
        )
    try:
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            await connection.executescript(
                f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;"
            )
    except sqlite3.Error as error:
        raise _failed(path, error) from None


def _failed(path: Path, error: Exception) -> StoreFailed:
    return StoreFailed(
        f"The database {path} failed: {error}.",
        remedy="Check whether the disk is full, read-only or locked. Until then nothing is cut.",
    )
