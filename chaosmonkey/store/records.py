"""The outages of the past, and the latest state of the open ones."""

from __future__ import annotations

from pydantic import TypeAdapter

from chaosmonkey.model import Outage
from chaosmonkey.store.database import Database

_OUTAGE = TypeAdapter(Outage)


class Records:
    """Outages by id. Every method raises StoreFailed when the disk does not take or give them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, outage: Outage) -> None:
        """Keep the latest state of an outage."""
        await self._database.write(
            "INSERT INTO outages (id, machine, began, closed, document) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET closed = excluded.closed, document = excluded.document",
            (
                outage.id,
                outage.machine,
                outage.t0,
                outage.closed,
                _OUTAGE.dump_json(outage).decode(),
            ),
        )

    async def get(self, outage: str) -> Outage | None:
        """One outage, or None if there is no such id."""
        rows = await self._database.read("SELECT document FROM outages WHERE id = ?", (outage,))
        return _OUTAGE.validate_json(rows[0][0]) if rows else None

    async def latest(self, limit: int = 100) -> list[Outage]:
        """The newest outages, newest first."""
        rows = await self._database.read(
            "SELECT document FROM outages ORDER BY began DESC, id DESC LIMIT ?", (limit,)
        )
        return [_OUTAGE.validate_json(document) for (document,) in rows]

    async def unfinished(self) -> list[Outage]:
        """Outages that were never closed: the process that followed them ended."""
        rows = await self._database.read(
            "SELECT document FROM outages WHERE closed IS NULL ORDER BY began"
        )
        return [_OUTAGE.validate_json(document) for (document,) in rows]
