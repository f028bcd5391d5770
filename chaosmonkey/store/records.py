"""The stored outages: closed ones, and the latest state of open ones."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chaosmonkey.model import Outage
from chaosmonkey.store.database import Database

log = logging.getLogger(__name__)

_OUTAGE = TypeAdapter(Outage)


def from_document(document: Any) -> Outage | None:
    """Decode a stored outage; None, and logged, if it is malformed."""
    try:
        return _OUTAGE.validate_json(document)
    except (ValidationError, TypeError) as error:
        log.error("Skipping a malformed stored outage: %s", error)
        return None


class Records:
    """Outages by id. Every method raises StoreFailed if the disk fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, outage: Outage) -> None:
        """Store the latest state of an outage.

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
            log.error("Another outage has the id %s: storing this one as %s.", outage.id, beside)
            await self.save(replace(outage, id=beside))

    async def ids(self) -> list[str]:
        """Of all outages."""
        return [found for (found,) in await self._database.read("SELECT id FROM outages")]

    async def get(self, outage: str) -> Outage | None:
        """One outage, or None if there is no such id."""
        rows = await self._database.read("SELECT document FROM outages WHERE id = ?", (outage,))
        return next(iter(_understood(document for (document,) in rows)), None)

    async def latest(self, limit: int = 100) -> list[Outage]:
        """The latest outages, newest first: by their order, since the clock may have been set."""
        return _understood((await self.documents(await self.latest_ids(limit))).values())

    async def latest_ids(self, limit: int) -> list[str]:
        """Of the newest outages, newest first."""
        found = await self._database.read(
            "SELECT id FROM outages ORDER BY rowid DESC LIMIT ?", (limit,)
        )
        return [key for (key,) in found]

    async def documents(self, ids: Sequence[str]) -> dict[str, str]:
        """Id → what `from_document` takes, of the outages with these ids, newest first."""
        found = await self._database.read(
            "SELECT id, document FROM outages WHERE id IN (SELECT value FROM json_each(?)) "
            "ORDER BY rowid DESC",
            (json.dumps(ids),),
        )
        return dict(found)

    async def unfinished(self) -> list[Outage]:
        """Outages that were never closed because their process ended."""
        rows = await self._database.read(
            "SELECT document FROM outages WHERE closed IS NULL ORDER BY rowid"
        )
        return _understood(document for (document,) in rows)


def _understood(documents: Iterable[Any]) -> list[Outage]:
    """Decode outages, without malformed ones."""
    return [found for document in documents if (found := from_document(document)) is not None]
