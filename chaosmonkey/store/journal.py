"""The journal of open cuts, written to the disk before each cut.

An entry is written before a plug is cut and cleared when the plug was read back as on. An entry
that is not cleared at the start belongs to an unfinished cut. HALT is stored here too: a crash must
not release it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import astuple, dataclass

from chaosmonkey.errors import StoreFailed
from chaosmonkey.model import FeedKind
from chaosmonkey.store.database import Database
from chaosmonkey.store.witness import FILE, Witness

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
    """The open cuts. Every method raises StoreFailed if the disk fails.

    Args:
        witness: a second list of them, kept up to date if it is given.
    """

    def __init__(self, database: Database, witness: Witness | None = None) -> None:
        self._database = database
        self._witness = witness
        self._noting = asyncio.Lock()

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
        await self.note_open()

    async def clear(self, outage: str, at: float) -> None:
        """Mark the cut of an outage as undone at a moment."""
        await self._database.write("UPDATE journal SET cleared = ? WHERE outage = ?", (at, outage))
        await self.note_open()

    async def withdraw(self, outage: str) -> None:
        """Delete the entry of a cut that was never made."""
        await self._database.write("DELETE FROM journal WHERE outage = ?", (outage,))
        await self.note_open()

    async def note_open(self) -> None:
        """Bring the witness up to date; a failure is logged: the journal has what counts."""
        if self._witness is None:
            return
        async with self._noting:  # two at once could leave the older list
            try:
                rows = await self._database.read("SELECT outage FROM journal WHERE cleared IS NULL")
                await self._witness.note(str(outage) for (outage,) in rows)
            except (StoreFailed, OSError) as error:
                log.warning("%s is out of date: %s", FILE, error)

    async def contradiction(self) -> str:
        """How the witness contradicts the journal, as the end of a sentence; "" if it does not."""
        noted = frozenset() if self._witness is None else self._witness.read()
        if noted is None:
            return f"{FILE} cannot be read"
        known = {
            str(outage) for (outage,) in await self._database.read("SELECT outage FROM journal")
        }
        missing = sorted(noted - known)
        return f"{FILE} lists the cut {missing[0]}, and the journal does not" if missing else ""

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
