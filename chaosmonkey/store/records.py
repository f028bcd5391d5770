"""The outages of the past, and the latest state of the open ones."""

from __future__ import annotations

import logging
from dataclasses import replace

from pydantic import TypeAdapter

from chaosmonkey.model import Outage
from chaosmonkey.store.database import Database

log = logging.getLogger(__name__)

_OUTAGE = TypeAdapter(Outage)


class Records:
    """Outages by id. Every method raises StoreFailed when the disk does not take or give them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, outage: Outage) -> None:
        """Keep the latest state of an outage.

        One that is closed is never written over by another that bears its id: that one is kept
        beside it, under an id of its own.
        """
        written = await self._database.read(
            "INSERT INTO outages (id, machine, began, closed, document) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET "
            "began = excluded.began, closed = excluded.closed, document = excluded.document "
            "WHERE machine = excluded.machine "
            "AND (outages.closed IS NULL OR began = excluded.began) "
            "RETURNING id",
            (
                outage.id,
                outage.machine,
                outage.t0,
                outage.closed,
                _OUTAGE.dump_json(outage).decode(),
            ),
        )
        if not written:
            beside = f"{outage.id}-{outage.t0:.3f}"
            log.error("There is another outage %s: this one is kept as %s.", outage.id, beside)
            await self.save(replace(outage, id=beside))

    async def ids(self) -> list[str]:
        """Of all outages."""
        return [found for (found,) in await self._database.read("SELECT id FROM outages")]

    async def get(self, outage: str) -> Outage | None:
        """One outage, or None if there is no such id."""
        rows = await self._database.read("SELECT document FROM outages WHERE id = ?", (outage,))
        return _OUTAGE.validate_json(rows[0][0]) if rows else None

    async def latest(self, limit: int = 100) -> list[Outage]:
        """The newest outages, newest first: by their order, for the clock may have been set."""
        rows = await self._database.read(
            "SELECT document FROM outages ORDER BY rowid DESC LIMIT ?", (limit,)
        )
        return [_OUTAGE.validate_json(document) for (document,) in rows]

    async def unfinished(self) -> list[Outage]:
        """Outages that were never closed: the process that followed them ended."""
        rows = await self._database.read(
            "SELECT document FROM outages WHERE closed IS NULL ORDER BY rowid"
        )
        return [_OUTAGE.validate_json(document) for (document,) in rows]
