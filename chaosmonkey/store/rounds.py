"""The audience's data: the stage's scene, the latest round, its entries, and nicknames.

show, round, entries, names ─► gathered ─► one statement each, in the background
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from chaosmonkey.clock import Clock
from chaosmonkey.store.database import Database
from chaosmonkey.store.writer import Writer

GATHER = 0.05
"""Seconds within which changes are combined into one write. A phone waits that long for its Ack."""


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """One seat's entry in a round; `who` is a public id, not the phone's secret."""

    round: str
    ticket: int
    who: str
    value: str
    at: float

    @property
    def row(self) -> tuple[str, int, str, str, float]:
        """The entry as a row of the database."""
        return self.round, self.ticket, self.who, self.value, self.at


class Rounds:
    """The stored data. Every method raises StoreFailed if the disk fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, round_id: str, opened: float, document: str) -> None:
        """Store the latest state of a round."""
        await self._database.write(
            "INSERT INTO rounds (id, opened, document) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            (round_id, opened, document),
        )

    async def add(self, entries: Sequence[KeptEntry]) -> None:
        """Store entries, all or none of them."""
        await self._database.write(
            "INSERT OR REPLACE INTO entries (round, ticket, who, value, at) "
            "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), "
            "json_extract(value, '$[2]'), json_extract(value, '$[3]'), json_extract(value, '$[4]') "
            "FROM json_each(?)",
            (orjson.dumps([entry.row for entry in entries]).decode(),),
        )

    async def forget_entries_but(self, round_id: str) -> None:
        """Delete the entries of earlier rounds, for privacy."""
        await self._database.write("DELETE FROM entries WHERE round <> ?", (round_id,))

    async def latest(self) -> tuple[str, str] | None:
        """Id and document of the round that was opened last."""
        rows = await self._database.read(
            "SELECT id, document FROM rounds ORDER BY rowid DESC LIMIT 1"
        )
        return (rows[0][0], rows[0][1]) if rows else None

    async def entries(self, round_id: str) -> list[KeptEntry]:
        """The entries of a round, in order."""
        rows = await self._database.read(
            "SELECT round, ticket, who, value, at FROM entries WHERE round = ? ORDER BY ticket",
            (round_id,),
        )
        return [KeptEntry(*row) for row in rows]

    async def save_name(self, who: str, name: str) -> None:
        """Store a nickname; an empty one is deleted."""
        if name:
            await self._database.write(
                "INSERT INTO names (who, name) VALUES (?, ?) "
                "ON CONFLICT (who) DO UPDATE SET name = excluded.name",
                (who, name),
            )
        else:
            await self._database.write("DELETE FROM names WHERE who = ?", (who,))

    async def names(self) -> dict[str, str]:
        """All nicknames, by who."""
        return dict(await self._database.read("SELECT who, name FROM names"))

    async def save_show(self, at: float, document: str) -> None:
        """Store the presenter's settings, and when they were set."""
        await self._database.write(
            "INSERT OR REPLACE INTO show (only_one, at, document) VALUES (1, ?, ?)", (at, document)
        )

    async def show(self) -> tuple[float, str] | None:
        """When the presenter last changed the settings, and all of them."""
        rows = await self._database.read("SELECT at, document FROM show")
        return (rows[0][0], rows[0][1]) if rows else None


class RoundRecorder(Writer):
    """Writes rounds in the background; each item is kept in memory until it is on the disk."""

    def __init__(self, rounds: Rounds, clock: Clock) -> None:
        super().__init__(clock, GATHER)
        self._rounds = rounds
        self._documents: dict[str, tuple[float, Callable[[], str]]] = {}
        self._entries: list[KeptEntry] = []
        self._names: dict[str, str] = {}
        self._show: tuple[float, str] | None = None
        self._waiting: list[Callable[[], None]] = []
        self._newest = 0

    def keep_round(self, round_id: str, opened: float, document: Callable[[], str]) -> None:
        """Queue this state of a round; `document` is called when it is written."""
        self._documents[round_id] = opened, document
        self._something.set()

    def keep_entry(self, entry: KeptEntry) -> None:
        """Queue an entry."""
        self._entries.append(entry)
        self._something.set()

    def keep_name(self, who: str, name: str) -> None:
        """Queue a nickname."""
        self._names[who] = name
        self._something.set()

    def keep_show(self, at: float, document: str) -> None:
        """Queue the presenter's settings."""
        self._show = at, document
        self._something.set()

    def when_written(self, done: Callable[[], None]) -> None:
        """Call `done` once everything queued so far is on the disk; now if nothing is queued."""
        if self._entries or self._documents or self._names:
            self._waiting.append(done)
            self._something.set()
        else:
            done()

    async def _write_all(self) -> None:
        waiting = len(self._waiting)
        if show := self._show:
            await self._rounds.save_show(*show)
            if self._show is show:
                self._show = None
        while self._documents:
            await self._write_round(next(iter(self._documents)))
        if self._entries:
            entries = list(self._entries)
            await self._rounds.add(entries)
            del self._entries[: len(entries)]
        for who, name in list(self._names.items()):
            await self._rounds.save_name(who, name)
            if self._names.get(who) == name:
                del self._names[who]
        written, self._waiting = self._waiting[:waiting], self._waiting[waiting:]
        for done in written:
            done()

    def _what(self) -> str:
        return "What the audience did"

    async def _write_round(self, round_id: str) -> None:
        opened, document = kept = self._documents[round_id]
        await self._rounds.save(round_id, opened, document())
        if self._documents.get(round_id) is kept:
            del self._documents[round_id]
        number = int(round_id.rpartition("-")[2])  # the clock may have been set back since
        if number > self._newest:
            self._newest = number
            await self._rounds.forget_entries_but(round_id)
