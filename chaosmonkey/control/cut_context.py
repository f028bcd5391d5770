"""What all cuts share, and the journal entry of one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from chaosmonkey.clock import Clock
from chaosmonkey.control.cut_stages import Step
from chaosmonkey.control.feed_monitor import FeedMonitor
from chaosmonkey.control.inrush import Inrush
from chaosmonkey.errors import StoreFailed
from chaosmonkey.model import Event
from chaosmonkey.store import Journal, JournalEntry, PendingWrites

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CutContext:
    """What all cuts share.

    Attributes:
        publish: takes the events of cuts.
        changed: called when a stage changes.
        pending_writes: retries journal writes that the disk refused.
        inrush: starts machines one after another.
        feed_monitor: reports what the sensors measure.
        stopping: set when the server stops; restores then get GOODBYE seconds at most.
        tasks: owns the tasks.
        reached: called at every step; tests crash the process there.
    """

    journal: Journal
    clock: Clock
    publish: Callable[[Event], None]
    changed: Callable[[], None]
    pending_writes: PendingWrites
    inrush: Inrush
    feed_monitor: FeedMonitor
    stopping: asyncio.Event
    tasks: asyncio.TaskGroup
    reached: Callable[[Step], None]


class JournalledCut:
    """A cut's journal entry: written before the cut, cleared once the plug is on for good.

    Attributes:
        written: whether the journal may have it.
    """

    def __init__(self, entry: JournalEntry, context: CutContext, *, written: bool) -> None:
        self.written = written
        self._entry = entry
        self._context = context

    async def write(self) -> None:
        """Write it; raises StoreFailed."""
        self.written = True  # perhaps: a cancelled write may still reach the disk
        try:
            await self._context.journal.write(self._entry)
        except StoreFailed:
            self.written = False
            raise

    async def clear(self, *, touched: bool) -> None:
        """Clear it, or withdraw it if the plug was not switched; a failed write is retried."""
        if not self.written:
            return
        journal, outage = self._context.journal, self._entry.outage
        if touched:
            clear = partial(journal.clear, outage, self._context.clock.now())
        else:
            clear = partial(journal.withdraw, outage)
        try:
            await clear()
        except StoreFailed as error:
            machine = self._entry.machine
            log.error("%s A restart before that would restore %s again.", error, machine)
            self._context.pending_writes.owe(f"the end of {outage}", clear)
        self._context.reached(Step.JOURNAL_CLEARED)
