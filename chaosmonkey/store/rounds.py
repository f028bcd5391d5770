"""The hall on the disk: what the stage shows, the latest round, who took part, and nicknames.

show, round, entries, names ─► gathered ─► one statement each, in the background
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

import orjson

from chaosmonkey.clock import Clock
from chaosmonkey.store.database import Database
from chaosmonkey.store.writer import Writer

GATHER = 0.3
"""Seconds in which what changes is gathered into one write."""


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """One seat's part in a round; `who` is no secret of its phone."""

    round: str
    ticket: int
    who: str
    value: str
    at: float


class Rounds:
    """What is kept. Every method raises StoreFailed when the disk does not take or give it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, round_id: str, opened: float, document: str) -> None:
        """Keep the latest state of a round."""
        await self._database.write(
            "INSERT INTO rounds (id, opened, document) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            (round_id, opened, document),
        )

    async def add(self, entries: Sequence[KeptEntry]) -> None:
        """Keep entries, all or none of them."""
        await self._database.write(
            "INSERT OR REPLACE INTO entries (round, ticket, who, value, at) "
            "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), "
            "json_extract(value, '$[2]'), json_extract(value, '$[3]'), json_extract(value, '$[4]') "
            "FROM json_each(?)",
            (orjson.dumps([astuple(entry) for entry in entries]).decode(),),
        )

    async def forget_entries_but(self, round_id: str) -> None:
        """Who took part in earlier rounds is nobody's business any more."""
        await self._database.write("DELETE FROM entries WHERE round <> ?", (round_id,))

    async def latest(self) -> tuple[str, str] | None:
        """Id and document of the round that was opened last."""
        rows = await self._database.read(
            "SELECT id, document FROM rounds ORDER BY rowid DESC LIMIT 1"
        )
        return (rows[0][0], rows[0][1]) if rows else None

    async def entries(self, round_id: str) -> list[KeptEntry]:
        """Who took part in a round, in order."""
        rows = await self._database.read(
            "SELECT round, ticket, who, value, at FROM entries WHERE round = ? ORDER BY ticket",
            (round_id,),
        )
        return [KeptEntry(*row) for row in rows]

    async def save_name(self, who: str, name: str) -> None:
        """Keep a nickname; an empty one is forgotten."""
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
        """Keep what the presenter has set, and when."""
        await self._database.write(
            "INSERT OR REPLACE INTO show (only_one, at, document) VALUES (1, ?, ?)", (at, document)
        )

    async def show(self) -> tuple[float, str] | None:
        """When the presenter last set something, and what all of it was then."""
        rows = await self._database.read("SELECT at, document FROM show")
        return (rows[0][0], rows[0][1]) if rows else None


class RoundRecorder(Writer):
    """Writes rounds in the background; nothing kept is forgotten before it is on the disk."""

    def __init__(self, rounds: Rounds, clock: Clock) -> None:
        super().__init__(clock, GATHER)
        self._rounds = rounds
        self._documents: dict[str, tuple[float, Callable[[], str]]] = {}
        self._entries: list[KeptEntry] = []
        self._names: dict[str, str] = {}
        self._show: tuple[float, str] | None = None
        self._newest = 0

    def keep_round(self, round_id: str, opened: float, document: Callable[[], str]) -> None:
        """Write this state of a round soon; `document` is asked for it only then."""
        self._documents[round_id] = opened, document
        self._something.set()

    def keep_entry(self, entry: KeptEntry) -> None:
        """Write an entry soon."""
        self._entries.append(entry)
        self._something.set()

    def keep_name(self, who: str, name: str) -> None:
        """Write a nickname soon."""
        self._names[who] = name
        self._something.set()

    def keep_show(self, at: float, document: str) -> None:
        """Write what the presenter has set soon."""
        self._show = at, document
        self._something.set()

    async def _write_all(self) -> None:
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
