"""One cut, from its journal entry to its end.

    requested ─► journalled ─► cutting ─► cut ─► restoring ─► on ─► entry cleared
      │              │            │        │        ▲ │        │
      └ refused      └────────────┴────────┴────────┘ │        └─► off again, because an interrupted
        any error, HALT, SIGTERM;                     │            command arrived late: restored
        after kill -9 the next start                  └─► stuck (retries until it works)

The entry is cleared only once the plug was read back as on and no interrupted command can still
turn it off. Until then the cut keeps retrying or reading the plug. If the process dies first, the
next one undoes the entry.
"""

from __future__ import annotations

import asyncio
import itertools
import logging

from chaosmonkey.control.cut_context import CutContext, JournalledCut
from chaosmonkey.control.cut_events import CutEvents
from chaosmonkey.control.cut_stages import CutStage, Step
from chaosmonkey.control.refusals import EndedFirst
from chaosmonkey.errors import ChaosMonkeyError, PlugFailed, Unavailable
from chaosmonkey.model import FeedKind, FeedState
from chaosmonkey.plugs import VerifiedPlug
from chaosmonkey.store import JournalEntry

log = logging.getLogger(__name__)

RETRY_PAUSES = (0.2, 1.0, 2.0, 5.0)
"""Seconds between attempts to restore a plug that does not answer; the last value repeats."""

GOODBYE = 20.0
"""Seconds after which a stopping server leaves a plug to the next start."""

WATCH_INTERVAL = 0.5
"""Seconds between two readings while an interrupted command may still arrive."""

TIMER_MARGIN = 10.0
"""Seconds added to a device's own timer, so that our restore comes first."""


class Cut:
    """A cut under way.

    Attributes:
        stage: how far it has come.
        why: what brought it to that stage.
        trouble: what is wrong while it is stuck.
        unread: whether the device accepted the command to turn on but its plug cannot be read, so
            that the machine is probably on.
        touched: whether the plug was switched at all; a cut may end before that.
        begun: when the feed was lost: the plug read back as off, and its sensor, if it has one,
            agreed. Holds the error if the cut failed.
        ended: when the plug was read back as on; replaced by a new future if it goes off again.
    """

    def __init__(
        self, entry: JournalEntry, plug: VerifiedPlug, context: CutContext, *, node: str
    ) -> None:
        loop = asyncio.get_running_loop()
        self.entry = entry
        self.node = node
        self.stage = CutStage.REQUESTED
        self.why = f"requested by {entry.requested_by}"
        self.trouble = ""
        self.unread = False
        self.touched = False
        self._give_up = 0.0
        self.begun: asyncio.Future[float] = loop.create_future()
        self.ended: asyncio.Future[float] = loop.create_future()
        self._plug = plug
        self._context = context
        self._ended_by = ""
        self._end_early = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._kept = JournalledCut(entry, context, written=False)
        self._events = CutEvents(entry, node, context.feed_monitor, context.publish)

    @property
    def is_on(self) -> bool:
        """Whether the plug was read back as on and only the journal entry is still open."""
        return self.stage is CutStage.ON

    @property
    def key(self) -> tuple[str, FeedKind]:
        """Machine and feed."""
        return self.entry.machine, self.entry.feed

    def end(self, why: str) -> None:
        """Restore now instead of at the scheduled time; cancel a cut that has not been made yet."""
        if self._ended_by:
            return
        self._ended_by = why
        self._end_early.set()
        if self._task is not None and self.stage in (
            CutStage.REQUESTED,
            CutStage.JOURNALLED,
            CutStage.CUTTING,
        ):
            self._task.cancel()

    async def run(self) -> None:
        """Write the journal entry, cut, wait, restore, clear the entry."""
        self._task = asyncio.current_task()
        try:
            await self._journal_and_cut()
            await self._wait_for_end()
        except asyncio.CancelledError:
            if not self._ended_by or self._context.stopping.is_set():
                raise
            if self._task is not None:
                self._task.uncancel()  # `end` cancelled it, and this is the end it meant
        except ChaosMonkeyError as error:
            self.why = f"the cut failed: {error.message}"
            self._fail_begun(error)
        finally:
            self._fail_begun(self._ended_first())
            await self._undo()

    async def restore_now(
        self, why: str, on_since: float | None = None, *, recorded: bool = True
    ) -> None:
        """Restore a plug that this process did not cut; `on_since` is when it was read as on.

        `recorded` is False for a cut of a process that died before its outage was on the disk.
        """
        self.why = why
        self._events.begun_elsewhere(recorded=recorded)
        await self._bring_back(on_since)

    async def _bring_back(self, on_since: float | None = None) -> None:
        """Restore the plug, retrying until it reads on, then clear the journal entry."""
        entry, context, plug = self.entry, self._context, self._plug
        self._kept.written = self.touched = True
        commanded = context.clock.now()
        if (at := await self._restore()) is None:
            return
        context.reached(Step.READ_ON)
        if on_since is None or plug.off_at > on_since:
            on_since = at
        self._events.cut_short(at, plug.off_at)
        while (late := await self._watch_for_late_off()) is not None:
            self.why = "an earlier command to turn it off arrived late"
            log.warning("%s: %s went off: %s.", entry.machine, entry.feed, self.why)
            self._events.cut(late, sensed=False)
            on_since = await self._restore()
            if on_since is None:
                return
        if plug.late_until > context.clock.now():
            return  # the server stops now, and the next one continues watching
        await self._kept.clear(touched=self.touched)
        listening = not context.stopping.is_set()
        await self._events.restored(commanded, on_since, listening=listening)

    async def _restore(self) -> float | None:
        """Turn the plug on and return when it was read back; None if the server stopped first."""
        entry = self.entry
        if self.ended.done():
            self.ended = asyncio.get_running_loop().create_future()
        self._enter(CutStage.RESTORING, self.why)
        if (at := await self._switch_on()) is None:
            return None
        self.trouble, self.unread = "", False
        self._enter(CutStage.ON, self.why)
        self.ended.set_result(at)
        log.info("%s: %s restored: %s", entry.machine, entry.feed, self.why)
        return at

    async def _watch_for_late_off(self) -> float | None:
        """Read the plug while an interrupted command may still arrive, and return when it went off.

        None if it stayed on for that time, or for GOODBYE seconds after the server began to stop.
        """
        clock, stopping = self._context.clock, self._context.stopping
        while clock.now() < self._plug.late_until and not self._goodbye_is_over():
            try:
                await clock.sleep(WATCH_INTERVAL)
                if await self._plug.read() is FeedState.OFF:
                    return clock.now()
            except PlugFailed as error:
                log.warning("%s: %s: %s", self.entry.machine, self.entry.feed, error)
            except asyncio.CancelledError:
                if not stopping.is_set():
                    raise
        return None

    async def _journal_and_cut(self) -> None:
        entry, context = self.entry, self._context
        context.reached(Step.BEFORE_JOURNAL)
        await self._kept.write()
        context.reached(Step.AFTER_JOURNAL)
        self._enter(CutStage.JOURNALLED, self.why)
        if self._ended_by:
            raise self._ended_first()
        self.touched = True
        self._enter(CutStage.CUTTING, self.why)
        commanded = context.clock.now()
        back_in = entry.restore_by - commanded + TIMER_MARGIN
        at = await self._plug.switch(
            on=False, back_in=back_in, commanded=lambda: context.reached(Step.COMMANDED_OFF)
        )
        context.reached(Step.READ_OFF)
        try:
            sensed = await context.feed_monitor.confirm(self.key, FeedState.OFF, commanded)
        except asyncio.CancelledError:
            self._events.cut(at, sensed=False)  # ended before the sensor reported: it was off
            raise
        exact = sensed is not None and sensed.within == 0 and sensed.since >= entry.commanded
        if sensed is not None and exact:
            at = sensed.since
        self.stage = CutStage.CUT
        self._events.cut(at, sensed=exact)
        self.begun.set_result(at)
        log.info("%s: %s cut, requested by %s", entry.machine, entry.feed, entry.requested_by)
        context.reached(Step.PUBLISHED_CUT)

    async def _undo(self) -> None:
        """Restore the plug if it was switched at all."""
        if self._ended_by:
            self.why = self._ended_by
        elif self._context.stopping.is_set():
            self.why = "the server is stopping"
        elif self.stage is CutStage.CUT:
            self.why = "its time is up"
        if not self.touched:
            self.ended.set_result(self._context.clock.now())
            await self._kept.clear(touched=self.touched)
            return
        self._context.reached(Step.TIME_IS_UP)
        await self._bring_back()

    async def _wait_for_end(self) -> None:
        """Return at the scheduled time, or as soon as `end` is called."""
        seconds = self.entry.restore_by - self._context.clock.now()
        tasks, outage = self._context.tasks, self.entry.outage
        early = tasks.create_task(self._end_early.wait(), name=f"early end of {outage}")
        late = tasks.create_task(self._context.clock.sleep(seconds), name=f"end of {outage}")
        try:
            await asyncio.wait({early, late}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            early.cancel()
            late.cancel()

    async def _switch_on(self) -> float | None:
        """Turn the plug on, retrying, and return when it was read back.

        None if the server stopped before that. A stop cancels this task like every other, but it
        keeps trying for GOODBYE seconds.
        """
        context, waited = self._context, False
        for pause in itertools.chain(RETRY_PAUSES, itertools.repeat(RETRY_PAUSES[-1])):
            try:
                if not waited:
                    waited = True
                    await context.inrush.turn()
                try:
                    return await self._plug.switch(
                        on=True, commanded=lambda: context.reached(Step.COMMANDED_ON)
                    )
                except PlugFailed as error:
                    self.unread = self._plug.takes_on and self._plug.last is FeedState.UNKNOWN
                    prefix = "It accepted the command but cannot be read: " if self.unread else ""
                    self.trouble = f"{prefix}{error}"
                    self._enter(CutStage.STUCK, self.why)
                    log.error("%s: %s is stuck: %s", self.entry.machine, self.entry.feed, error)
                await context.clock.sleep(pause)
            except asyncio.CancelledError:
                if not context.stopping.is_set():
                    raise
            if self._goodbye_is_over():
                break
        log.error("%s: %s is left to the next start", self.entry.machine, self.entry.feed)
        return None

    def _goodbye_is_over(self) -> bool:
        """Whether the server has been stopping for GOODBYE seconds, as this cut saw it."""
        if not self._context.stopping.is_set():
            return False
        now = self._context.clock.now()
        self._give_up = self._give_up or now + GOODBYE
        return now >= self._give_up

    def _enter(self, stage: CutStage, why: str) -> None:
        self.stage, self.why = stage, why
        self._context.changed()

    def _ended_first(self) -> ChaosMonkeyError:
        if self._ended_by:
            was = "cut only briefly, if at all" if self.touched else "not cut"
            words = {"machine": self.entry.machine, "was": was, "first": self._ended_by}
            return EndedFirst.of(words, machine=self.entry.machine)
        return Unavailable("The server is stopping.", remedy="Try again when it is back.")

    def _fail_begun(self, error: ChaosMonkeyError) -> None:
        """Give the waiting caller the error of a cut that did not begin."""
        if not self.begun.done():
            self.begun.set_exception(error)
            self.begun.exception()  # mark it retrieved: the caller may have gone
