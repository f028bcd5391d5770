"""What every cut works with, and its entry in the journal."""

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
    """What every cut works with.

    Attributes:
        publish: takes the events of cuts.
        changed: is called when a stage changed.
        pending_writes: carries out what the journal must be told and the disk did not take.
        inrush: lets one machine after the other start.
        feed_monitor: what the sensors say.
        stopping: is set when the server stops: restores are then tried for GOODBYE seconds only.
        tasks: owns the tasks.
        reached: is told every step.
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
    """A cut's entry in the journal: written before the cut, cleared when nothing can undo it.

    Attributes:
        written: whether the journal has it, as far as is known.
    """

    def __init__(self, entry: JournalEntry, around: CutContext, *, written: bool) -> None:
        self.written = written
        self._entry = entry
        self._around = around

    async def write(self) -> None:
        """Write it; raises StoreFailed."""
        self.written = True  # perhaps: a cancelled write may reach the disk all the same
        try:
            await self._around.journal.write(self._entry)
        except StoreFailed:
            self.written = False
            raise

    async def clear(self, *, touched: bool) -> None:
        """Clear it, or withdraw it if the plug was not touched; what fails is owed to the disk."""
        if not self.written:
            return
        journal, outage = self._around.journal, self._entry.outage
        if touched:
            clear = partial(journal.clear, outage, self._around.clock.now())
        else:
            clear = partial(journal.withdraw, outage)
        try:
            await clear()
        except StoreFailed as error:
            machine = self._entry.machine
            log.error("%s A restart before that would restore %s again.", error, machine)
            self._around.pending_writes.owe(f"the end of {outage}", clear)
        self._around.reached(Step.JOURNAL_CLEARED)
