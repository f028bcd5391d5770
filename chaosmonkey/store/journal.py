"""The journal of open cuts, written to the disk before each cut.

An entry is written before a plug is cut and cleared when the plug was read back as on. An entry
that is not cleared at the start belongs to an unfinished cut. HALT is stored here too: a crash must
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
    requested_by: str
    commanded: float
    restore_by: float


class Journal:
    """The open cuts. Every method raises StoreFailed if the disk fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, entry: JournalEntry) -> None:
        """Store a cut; it is on the disk when this returns.

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
        """Mark the cut of an outage as undone at a moment."""
        await self._database.write("UPDATE journal SET cleared = ? WHERE outage = ?", (at, outage))

    async def withdraw(self, outage: str) -> None:
        """Delete the entry of a cut that was never made."""
        await self._database.write("DELETE FROM journal WHERE outage = ?", (outage,))

    async def forget(self, before: float) -> None:
        """Delete entries cleared before a moment."""
        await self._database.write("DELETE FROM journal WHERE cleared < ?", (before,))

    async def last_restored(self) -> dict[str, float]:
        """When each machine was last restored, as far as known."""
        rows = await self._database.read(
            "SELECT machine, max(cleared) FROM journal WHERE cleared IS NOT NULL GROUP BY machine"
        )
        return dict(rows)

    async def open_cuts(self) -> list[JournalEntry]:
        """The cuts still to be undone, oldest first. A malformed row is logged."""
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
                        "The journal has a malformed entry: %r. Check that every plug is on.",
                        row,
                    )
        return found

    async def clock_stepped(self, by: float, was: float) -> None:
        """Shift all moments: the clock was corrected by so many seconds when it showed `was`.

        Moments later than `was`, by an earlier clock, count as `was`.
        """
        await self._database.write(
            "UPDATE journal SET commanded = commanded + ?, restore_by = restore_by + ?, "
            "cleared = min(cleared, ?) + ?",
            (by, by, was, by),
        )
        await self._database.write("UPDATE halt SET since = min(since, ?) + ?", (was, by))

    async def note_halt(self, since: float, by: str) -> None:
        """Store that HALT was triggered."""
        await self._database.write(
            "INSERT INTO halt (only_one, since, by) VALUES (1, ?, ?) "
            "ON CONFLICT (only_one) DO NOTHING",
            (since, by),
        )

    async def note_release(self) -> None:
        """Store that HALT was released."""
        await self._database.write("DELETE FROM halt")

    async def halted(self) -> tuple[float, str] | None:
        """Since when HALT holds, and who triggered it; None if it does not."""
        rows = await self._database.read("SELECT since, by FROM halt")
        if not rows:
            return None
        since, by = rows[0]
        return (since if isinstance(since, float) else 0.0), str(by)
