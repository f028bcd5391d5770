"""One SQLite file in the data folder: held by one process, migrated, never silently dropped.

hold the folder ─► open ─► damaged? set it aside, say so, begin anew ─► migrate ─► ready
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
"""The scripts that lead from an empty file to the present schema. A file's `user_version` counts
how many it has run; new ones are added at the end and old ones are never changed."""


class Database:
    """An open database.

    Attributes:
        set_aside: where a damaged file was put when this one was opened, if one was.
    """

    def __init__(
        self, connection: aiosqlite.Connection, path: Path, set_aside: Path | None
    ) -> None:
        self.path = path
        self.set_aside = set_aside
        self._connection = connection

    async def write(self, sql: str, values: Iterable[Any] = ()) -> None:
        """Run one statement; it is on the disk when this returns."""
        try:
            await self._connection.execute(sql, tuple(values))
        except sqlite3.Error as error:
            raise _failed(self.path, error) from None

    async def read(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        try:
            async with self._connection.execute(sql, tuple(values)) as cursor:
                return [tuple(row) for row in await cursor.fetchall()]
        except sqlite3.Error as error:
            raise _failed(self.path, error) from None


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Keep a data folder for this process alone; it is made if it is missing.

    Raises:
        StoreFailed: it cannot be written, or another process uses it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open_lock(folder / "lock", 0o644)
    except OSError as error:
        raise StoreFailed(
            f"The data folder {folder} cannot be written: {error.strerror}.",
            remedy="Make it writable for this user, or name another (--data, [server] data).",
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise StoreFailed(
            f"The data folder {folder} is in use by another chaosmonkey.",
            remedy="End that one first, or name another folder (--data, [server] data).",
        ) from None
    finally:
        os.close(lock)


@asynccontextmanager
async def open_database(folder: Path, clock: Clock) -> AsyncIterator[Database]:
    """Open the database in a folder that this process holds.

    Raises:
        StoreFailed: it cannot be written, or a newer version has written it.
    """
    path = folder / FILE
    if not path.exists():
        path.touch()
        give_to_owner(path, folder)  # SQLite gives the files beside it the same owner
    connection, set_aside = await _connect(path, clock)
    try:
        await _migrate(connection, path)
        yield Database(connection, path, set_aside)
    finally:
        await connection.close()


async def _connect(path: Path, clock: Clock) -> tuple[aiosqlite.Connection, Path | None]:
    """Open the file; a damaged one is renamed, with what belongs to it, and a new one is begun."""
    try:
        return await _open(path), None
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise _failed(path, error) from None
        aside = path.with_name(f"{FILE}.damaged-{int(clock.now())}")
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(FILE + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        log.error(
            "The database %s is damaged (%s). It was set aside as %s and a new one begun: "
            "its journal is lost, so every plug is turned on now. "
            "`sqlite3 %s .recover` may still read the old records.",
            path, error, aside.name, aside,
        )  # fmt: skip
        return await _open(path), aside


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
        raise StoreFailed(
            f"{path} was written by a newer version (schema {version}, known here: "
            f"{len(MIGRATIONS)}).",
            remedy="Install that version again, or name another data folder.",
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        await connection.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")


def _failed(path: Path, error: sqlite3.Error) -> StoreFailed:
    return StoreFailed(
        f"The database {path} failed: {error}.",
        remedy="Is the disk full, read-only or locked? Nothing is cut until it can be written.",
    )
