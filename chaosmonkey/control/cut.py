"""One cut, from its journal entry to its end.

    asked ─► journalled ─► cutting ─► cut ─► restoring ─► on ─► entry cleared
      │          │            │        │        ▲ │        │
      └ refused  └────────────┴────────┴────────┘ │        └─► off again: a command of ours that
        any error, HALT, SIGTERM;                 │            was cut short arrived late: restored
        after kill -9 the next start              └─► stuck (tried again until it works)

The entry is cleared only when the plug was read back as on, and no command that was cut short can
still turn it off. Until then the plug is tried, or read, again and again; an entry that outlives
the process is undone by the next one.
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
"""Seconds between attempts to restore a plug that does not answer; the last one repeats."""

GOODBYE = 20.0
"""Seconds that a stopping server tries to restore a plug before it leaves it to the next start."""

WATCH_INTERVAL = 0.5
"""Seconds between two readings while a command that was cut short may still arrive."""

TIMER_MARGIN = 10.0
"""Seconds by which a device's own timer is set later than we mean to restore: ours comes first."""


class Cut:
    """A cut under way.

    Attributes:
        stage: how far it has come.
        why: what brought it to that stage.
        trouble: what is wrong, while it is stuck.
        unread: whether the device took the command to turn on, but its plug cannot be read: the
            machine is on, as far as anything can tell.
        touched: whether the plug was switched at all: a cut may end before.
        begun: the moment when the feed was lost, or why it was not: it was read back as off, and
            its sensor, if it has one, agrees.
        ended: the moment when it was read back as on; another one if it goes off again.
    """

    def __init__(
        self, entry: JournalEntry, plug: VerifiedPlug, around: CutContext, *, node: str
    ) -> None:
        loop = asyncio.get_running_loop()
        self.entry = entry
        self.node = node
        self.stage = CutStage.ASKED
        self.why = f"asked by {entry.asked_by}"
        self.trouble = ""
        self.unread = False
        self.touched = False
        self.begun: asyncio.Future[float] = loop.create_future()
        self.ended: asyncio.Future[float] = loop.create_future()
        self._plug = plug
        self._around = around
        self._ended_by = ""
        self._end_early = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._kept = JournalledCut(entry, around, written=False)
        self._events = CutEvents(entry, node, around.feed_monitor, around.publish)

    @property
    def is_on(self) -> bool:
        """Whether the plug was read back as on, and only its entry is still kept."""
        return self.stage is CutStage.ON

    @property
    def key(self) -> tuple[str, FeedKind]:
        """Machine and feed."""
        return self.entry.machine, self.entry.feed

    def end(self, why: str) -> None:
        """Restore now rather than at the appointed time; a cut not made yet is not made at all."""
        if self._ended_by:
            return
        self._ended_by = why
        self._end_early.set()
        if self._task is not None and self.stage in (
            CutStage.ASKED,
            CutStage.JOURNALLED,
            CutStage.CUTTING,
        ):
            self._task.cancel()

    async def carry_out(self) -> None:
        """The whole way, from the journal to the restored plug."""
        self._task = asyncio.current_task()
        try:
            await self._journal_and_cut()
            await self._last()
        except asyncio.CancelledError:
            if not self._ended_by or self._around.stopping.is_set():
                raise
            if self._task is not None:
                self._task.uncancel()  # it was `end` that cancelled, and this is the end it meant
        except ChaosMonkeyError as error:
            self.why = f"the cut failed: {error.message}"
            self._not_begun(error)
        finally:
            self._not_begun(self._ended_first())
            await self._undo()

    async def take_over(self, why: str, on_since: float | None = None) -> None:
        """End what is not cut by this process: an earlier one did, or somebody else.

        `on_since` is when its plug was read back as on, if it was already.
        """
        self.why = why
        self._events.leave_the_beginning()
        await self._bring_back(on_since)

    async def _bring_back(self, on_since: float | None = None) -> None:
        """Restore the plug, trying until it was read back as on, then clear the journal."""
        entry, around, plug = self.entry, self._around, self._plug
        self._kept.written = self.touched = True
        asked = around.clock.now()
        at = await self._restore()
        if at is None:
            return
        around.reached(Step.READ_ON)
        if on_since is None or plug.off_at > on_since:
            on_since = at
        self._events.given_up(at, plug.off_at)
        while (late := await self._gone_off_again()) is not None:
            self.why = "an earlier command to turn it off arrived late"
            log.warning("%s: %s went off: %s.", entry.machine, entry.feed, self.why)
            self._events.cut(late, sensed=False)
            on_since = await self._restore()
            if on_since is None:
                return
        if plug.late_until > around.clock.now():
            return  # the server stops, and its successor goes on watching
        await self._kept.clear(touched=self.touched)
        listening = not around.stopping.is_set()
        await self._events.restored(asked, on_since, listening=listening)

    async def _restore(self) -> float | None:
        """The moment when it was read back as on; None if the server stopped before it was."""
        entry = self.entry
        if self.ended.done():
            self.ended = asyncio.get_running_loop().create_future()
        self._enter(CutStage.RESTORING, self.why)
        at = await self._switch_on_at_last()
        if at is None:
            return None
        self.trouble, self.unread = "", False
        self._enter(CutStage.ON, self.why)
        self.ended.set_result(at)
        log.info("%s: %s restored, because %s", entry.machine, entry.feed, self.why)
        return at

    async def _gone_off_again(self) -> float | None:
        """When it was read as off; None when no earlier command can arrive any more, or at a stop.

        As long as that is possible, the plug is read again and again.
        """
        clock, stopping = self._around.clock, self._around.stopping
        while clock.now() < self._plug.late_until and not stopping.is_set():
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
        entry, around = self.entry, self._around
        around.reached(Step.BEFORE_JOURNAL)
        await self._kept.write()
        around.reached(Step.AFTER_JOURNAL)
        self._enter(CutStage.JOURNALLED, self.why)
        if self._ended_by:
            raise self._ended_first()
        self.touched = True
        self._enter(CutStage.CUTTING, self.why)
        asked = around.clock.now()
        back_in = entry.restore_by - asked + TIMER_MARGIN
        at = await self._plug.switch(
            on=False, back_in=back_in, asked=lambda: around.reached(Step.ASKED_OFF)
        )
        around.reached(Step.READ_OFF)
        try:
            sensed = await around.feed_monitor.confirm(self.key, FeedState.OFF, asked)
        except asyncio.CancelledError:
            self._events.cut(at, sensed=False)  # ended before the sensor could tell: it was off
            raise
        exact = sensed is not None and sensed.within == 0 and sensed.since >= entry.commanded
        if sensed is not None and exact:
            at = sensed.since
        self.stage = CutStage.CUT
        self._events.cut(at, sensed=exact)
        self.begun.set_result(at)
        log.info("%s: %s cut, asked by %s", entry.machine, entry.feed, entry.asked_by)
        around.reached(Step.TOLD_CUT)

    async def _undo(self) -> None:
        """Bring the plug back if it was touched at all."""
        if self._ended_by:
            self.why = self._ended_by
        elif self._around.stopping.is_set():
            self.why = "the server stops"
        elif self.stage is CutStage.CUT:
            self.why = "its time is up"
        if not self.touched:
            self.ended.set_result(self._around.clock.now())
            await self._kept.clear(touched=self.touched)
            return
        self._around.reached(Step.TIME_IS_UP)
        await self._bring_back()

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
        around, give_up, waited = self._around, None, False
        for pause in itertools.chain(RETRY_PAUSES, itertools.repeat(RETRY_PAUSES[-1])):
            try:
                if not waited:
                    waited = True
                    await around.inrush.turn()
                try:
                    return await self._plug.switch(
                        on=True, asked=lambda: around.reached(Step.ASKED_ON)
                    )
                except PlugFailed as error:
                    self.unread = self._plug.takes_on and self._plug.last is FeedState.UNKNOWN
                    told = "It was told to turn on, but cannot be read: " if self.unread else ""
                    self.trouble = f"{told}{error}"
                    self._enter(CutStage.STUCK, self.why)
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

    def _enter(self, stage: CutStage, why: str) -> None:
        self.stage, self.why = stage, why
        self._around.changed()

    def _ended_first(self) -> ChaosMonkeyError:
        if self._ended_by:
            machine = self.entry.machine
            was = "cut for a moment at most" if self.touched else "not cut"
            words = {"machine": machine, "was": was, "first": self._ended_by}
            return EndedFirst.of(words, machine=machine)
        return Unavailable("The server is stopping.", remedy="Try again when it is back.")

    def _not_begun(self, error: ChaosMonkeyError) -> None:
        """Tell the waiting caller that the cut did not begin."""
        if not self.begun.done():
            self.begun.set_exception(error)
            self.begun.exception()  # nobody may be waiting any more; that is no error
