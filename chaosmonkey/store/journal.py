"""What must be undone, on the disk before it is done.

An entry is written before a plug is opened and cleared when the plug was read back as on. What is
not cleared at the start belongs to a cut that nobody ended. HALT is noted here too: a crash must
not release it.
"""

from __future__ import annotations

import logging
from dataclasses import astuple, dataclass

from chaosmonkey.model import FeedKind
from chaosmonkey.store.database import Database

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One cut that must be undone, by `restore_by` at the latest."""

    outage: str
    machine: str
    feed: FeedKind
    asked_by: str
    commanded: float
    restore_by: float


class Journal:
    """The open cuts. Every method raises StoreFailed when the disk does not take or give them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, entry: JournalEntry) -> None:
        """Note a cut; it is on the disk when this returns.

        An outage's name has a second's resolution: a cleared entry of that name makes room.
        """
        await self._database.write(
            "INSERT INTO journal (outage, machine, feed, asked_by, commanded, restore_by) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (outage) DO UPDATE SET feed = excluded.feed, "
            "asked_by = excluded.asked_by, commanded = excluded.commanded, "
            "restore_by = excluded.restore_by, cleared = NULL WHERE cleared IS NOT NULL",
            astuple(entry),
        )

    async def clear(self, outage: str, at: float) -> None:
        """The cut of an outage was undone, at a moment."""
        await self._database.write("UPDATE journal SET cleared = ? WHERE outage = ?", (at, outage))

    async def withdraw(self, outage: str) -> None:
        """The cut of an outage was never made."""
        await self._database.write("DELETE FROM journal WHERE outage = ?", (outage,))

    async def forget(self, before: float) -> None:
        """Take out what was cleared before a moment."""
        await self._database.write("DELETE FROM journal WHERE cleared < ?", (before,))

    async def rested(self) -> dict[str, float]:
        """When each machine was last restored, as far as it is kept."""
        rows = await self._database.read(
            "SELECT machine, max(cleared) FROM journal WHERE cleared IS NOT NULL GROUP BY machine"
        )
        return dict(rows)

    async def open_cuts(self) -> list[JournalEntry]:
        """What is still to be undone, oldest first. A row that makes no sense is told."""
        rows = await self._database.read(
            "SELECT outage, machine, feed, asked_by, commanded, restore_by FROM journal "
            "WHERE cleared IS NULL ORDER BY commanded"
        )
        found = []
        for row in rows:
            match row:
                case str(outage), str(machine), "power" | "network" as feed, by, float(at), float(
                    until
                ):
                    found.append(JournalEntry(outage, machine, FeedKind(feed), str(by), at, until))
                case _:
                    log.error(
                        "The journal has a cut that makes no sense: %r. Look whether all is on.",
                        row,
                    )
        return found

    async def clock_stepped(self, by: float, was: float) -> None:
        """The clock that moments are kept by was set by so many seconds, when it said `was`.

        What was later than that by an earlier clock counts as of then.
        """
        await self._database.write(
            "UPDATE journal SET commanded = commanded + ?, restore_by = restore_by + ?, "
            "cleared = min(cleared, ?) + ?",
            (by, by, was, by),
        )
        await self._database.write("UPDATE halt SET since = min(since, ?) + ?", (was, by))

    async def note_halt(self, since: float, by: str) -> None:
        """HALT was pressed."""
        await self._database.write(
            "INSERT INTO halt (only_one, since, by) VALUES (1, ?, ?) "
            "ON CONFLICT (only_one) DO NOTHING",
            (since, by),
        )

    async def note_release(self) -> None:
        """HALT was released."""
        await self._database.write("DELETE FROM halt")

    async def halted(self) -> tuple[float, str] | None:
        """Since when HALT holds, and who pressed it; None if it does not."""
        rows = await self._database.read("SELECT since, by FROM halt")
        if not rows:
            return None
        since, by = rows[0]
        return (since if isinstance(since, float) else 0.0), str(by)
