"""One cut, from its journal entry to its end.

    journal ─► plug off ─► wait ─► plug on ─► journal cleared
                  └──────────────────▲
      any error, HALT, SIGTERM; after kill -9 the next start

The entry is taken out only when the plug was read back as on. Until then the plug is tried again,
for ever; an entry that outlives the process is undone by the next one.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from chaosmonkey.clock import Clock
from chaosmonkey.errors import ChaosMonkeyError, PlugFailed, StoreFailed
from chaosmonkey.model import Event, FeedKind, PlugCut, PlugRestored
from chaosmonkey.plugs import VerifiedPlug
from chaosmonkey.store import Entry, Journal

log = logging.getLogger(__name__)

RETRY_PAUSES = (0.2, 1.0, 2.0, 5.0)
"""Seconds between attempts to restore a plug that does not answer; the last one repeats."""

GOODBYE = 20.0
"""Seconds that a stopping server tries to restore a plug before it leaves it to the next start."""


class Stage(StrEnum):
    """How far a cut has come."""

    CUTTING = "cutting"
    CUT = "cut"
    RESTORING = "restoring"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every cut works with.

    Attributes:
        publish: takes the events PlugCut and PlugRestored.
        changed: is called when a stage changed.
        stopping: is set when the server stops: restores are then tried for GOODBYE seconds only.
        tasks: owns the tasks.
    """

    journal: Journal
    clock: Clock
    publish: Callable[[Event], None]
    changed: Callable[[], None]
    stopping: asyncio.Event
    tasks: asyncio.TaskGroup


class Cut:
    """A cut under way.

    Attributes:
        stage: how far it has come.
        trouble: what is wrong, while it is stuck.
        begun: the moment when the plug was read back as off, or why it was not.
        ended: the moment when it was read back as on.
    """

    def __init__(
        self, entry: Entry, plug: VerifiedPlug, around: Surroundings, *, node: str
    ) -> None:
        loop = asyncio.get_running_loop()
        self.entry = entry
        self.node = node
        self.stage = Stage.CUTTING
        self.trouble = ""
        self.begun: asyncio.Future[float] = loop.create_future()
        self.ended: asyncio.Future[float] = loop.create_future()
        self._plug = plug
        self._around = around
        self._end_early = asyncio.Event()

    @property
    def key(self) -> tuple[str, FeedKind]:
        """Machine and feed."""
        return self.entry.machine, self.entry.feed

    def end(self) -> None:
        """Restore now rather than at the appointed time."""
        self._end_early.set()

    async def carry_out(self) -> None:
        """The whole way, from the journal to the restored plug."""
        entry = self.entry
        try:
            await self._around.journal.write(entry)
        except StoreFailed as error:
            self._failed(error)
            return
        try:
            at = await self._plug.switch(on=False)
            self.stage = Stage.CUT
            self._around.publish(
                PlugCut(
                    outage=entry.outage,
                    machine=entry.machine,
                    node=self.node,
                    feed=entry.feed,
                    commanded=entry.commanded,
                    at=at,
                    by=entry.asked_by,
                    restore_by=entry.restore_by,
                )
            )
            self.begun.set_result(at)
            log.info("%s: %s cut, asked by %s", entry.machine, entry.feed, entry.asked_by)
            await self._last()
        except PlugFailed as error:
            self._failed(error)
        finally:
            self.begun.cancel()
            await self.bring_back()

    async def bring_back(self) -> None:
        """Restore the plug, trying until it was read back as on, then clear the journal."""
        entry, around = self.entry, self._around
        self.stage = Stage.RESTORING
        around.changed()
        at = await self._switch_on_at_last()
        if at is None:
            return
        self.ended.set_result(at)
        around.publish(PlugRestored(entry.machine, self.node, entry.feed, at))
        log.info("%s: %s restored", entry.machine, entry.feed)
        try:
            await around.journal.clear(entry.outage)
        except StoreFailed as error:
            log.error("%s The next start will restore %s once more.", error, entry.machine)

    async def _last(self) -> None:
        """Return at the appointed time, or when told to end."""
        seconds = self.entry.restore_by - self._around.clock.now()
        tasks, outage = self._around.tasks, self.entry.outage
        early = tasks.create_task(self._end_early.wait(), name=f"early end of {outage}")
        late = tasks.create_task(self._around.clock.sleep(seconds), name=f"end of {outage}")
        try:
            await asyncio.wait({early, late}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            early.cancel()
            late.cancel()

    async def _switch_on_at_last(self) -> float | None:
        """When the plug was read back as on; None if the server stopped before it was.

        A stop cancels this like every task, but a restore is not given up for that.
        """
        around, give_up = self._around, None
        for pause in itertools.chain(RETRY_PAUSES, itertools.repeat(RETRY_PAUSES[-1])):
            try:
                try:
                    return await self._plug.switch(on=True)
                except PlugFailed as error:
                    self.stage, self.trouble = Stage.STUCK, str(error)
                    around.changed()
                    log.error("%s: %s is stuck: %s", self.entry.machine, self.entry.feed, error)
                await around.clock.sleep(pause)
            except asyncio.CancelledError:
                if not around.stopping.is_set():
                    raise
            if around.stopping.is_set():
                give_up = give_up or around.clock.now() + GOODBYE
                if around.clock.now() >= give_up:
                    break
        log.error("%s: %s is left to the next start.", self.entry.machine, self.entry.feed)
        return None

    def _failed(self, error: ChaosMonkeyError) -> None:
        """Tell whoever waits that the cut did not begin."""
        if not self.begun.done():
            self.begun.set_exception(error)
            self.begun.exception()  # nobody may be waiting any more; that is no error
