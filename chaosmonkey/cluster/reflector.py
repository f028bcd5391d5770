"""Keep a sink equal to the API server's state.

    list ─► sink.replace ─► watch ─► sink.put, sink.remove ─┐
     ▲                        ▲                             │
     │                        └── ended, busy, failing: wait┤
     └── expired; broken, silent, garbled, refused: wait ────┘

`cycle` is one pass; it returns or raises how the pass ended. `run` repeats it, and only
`endings.py` decides how to react. A watch that lasted is reopened at once; any other ending waits.

A server may come back with another history: etcd restored from a snapshot, another cluster at the
same address. So a broken watch is never resumed, and vital collections check before every pass that
this is still the same cluster and that its version is not older than theirs.

Two clocks: `clock` stamps what is received and may run faster than real time; `pace` is real time,
for waiting and for measuring silence.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Never

from chaosmonkey.clock import Clock, running_for
from chaosmonkey.cluster.backoff import Backoff
from chaosmonkey.cluster.decoding import Bookmark, Deleted, Dropped, Present, read_line
from chaosmonkey.cluster.endings import after
from chaosmonkey.cluster.errors import (
    Expired,
    Forbidden,
    NotFound,
    ReadTimeout,
    let_go,
    refusal,
)
from chaosmonkey.cluster.health import Health
from chaosmonkey.cluster.protocols import Batch, ListerWatcher, Sink
from chaosmonkey.cluster.resources import Resource
from chaosmonkey.errors import ClusterUnavailable

log = logging.getLogger(__name__)

SHORT = 1.0
"""Seconds; a watch that ends sooner is reopened only after a wait."""

SETTLED = 1.0
"""Seconds without an error after which a resumed watch counts as current; an expired version is
answered within milliseconds."""

WATCH_SECONDS = (300, 600)
"""The server is asked to end a watch after a time between these, as client-go does, so that
after an outage they do not all end together each time."""

DROPPED_LOGGED = 100
"""How many malformed objects are logged; the log is for people."""


class Reflector:
    """One collection, listed and watched until cancelled.

    Attributes:
        resource: what is watched; its older form if the server does not have it.
        health: whether the sink is current. `changed` is called after each change of it.
        last_message: the moment of the last message, in the time of `pace`.
    """

    def __init__(
        self,
        source: ListerWatcher,
        resource: Resource,
        namespace: str | None,
        sink: Sink,
        *,
        clock: Clock,
        pace: Clock,
        random: Random,
        stall_after: float,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.resource = resource
        self.health = Health(resource.path(namespace))
        self.last_message = pace.now()
        self._source = source
        self._namespace = namespace
        self._sink = sink
        self._clock = clock
        self._pace = pace
        self._random = random
        self._backoff = Backoff(random)
        self._stall_after = stall_after
        self._changed = changed
        self._opened: float | None = None
        self._put_off = False
        self._reading: asyncio.Task[ClusterUnavailable | None] | None = None
        self._ended_by: ClusterUnavailable | None = None
        self._dropped: set[str] = set()

    async def run(self) -> Never:
        """Repeat `cycle` until cancelled."""
        while True:
            try:
                await self.cycle()
                wait = self._wait_after_end()
            except ClusterUnavailable as trouble:
                let_go(trouble)
                wait = self._wait_after(trouble)
            await self._pace.sleep(wait)

    async def cycle(self) -> None:
        """List, unless the last version can be resumed; then follow the watch to its end.

        If that version expired meanwhile, the pass starts again with a list, once. Returning means
        that the server ended the watch normally.

        Raises:
            ClusterUnavailable: the list failed, or the watch ended early.
        """
        self._opened = None
        if self.resource.vital:
            self.health.recognise(await self._source.position(self.resource, self._namespace))
        if self.health.version is not None:
            try:
                return await self._follow(current=self.health.current)
            except Expired:
                log.info("%s: the version expired, listing again", self.health.path)
        await self._list()
        return await self._follow(current=True)

    @property
    def watching(self) -> bool:
        """Whether a watch is open."""
        return self._reading is not None and not self._reading.done()

    def interrupt(self, trouble: ClusterUnavailable) -> None:
        """End an open watch: `cycle` raises this trouble."""
        if self._reading is not None and self.watching:
            self._ended_by = trouble
            self._reading.cancel()

    def start_over(self, trouble: ClusterUnavailable) -> None:
        """Forget everything, which belongs to another history, and list again."""
        self.health.forget()
        self.health.current, self.health.trouble = False, trouble
        self.interrupt(trouble)

    async def _list(self) -> None:
        try:
            page = await self._source.list(self.resource, self._namespace)
            entries, dropped = list(page.entries), list(page.dropped)
            while page.token:
                page = await self._source.list(self.resource, self._namespace, token=page.token)
                entries += page.entries
                dropped += page.dropped
        except Expired:  # we paged too slowly: request all at once
            page = await self._source.list(self.resource, self._namespace, limit=0)
            entries, dropped = list(page.entries), list(page.dropped)
        for why in dropped:
            self._drop(why)
        self.health.reach(page.version)
        for _ in self._sink.replace(entries, self._note_message()):
            await asyncio.sleep(0)
        if self.health.version is None and self.health.trouble is not None:
            raise self.health.trouble  # `start_over` came meanwhile: this list is void too
        if not self.health.synced:
            self.health.synced = True
            self._changed()

    async def _follow(self, *, current: bool) -> None:
        """Apply a watch to the sink until it ends; it is current at once, or once settled."""
        version, seconds = self.health.version or "", self._random.randint(*WATCH_SECONDS)
        async with self._source.watch(self.resource, self._namespace, version, seconds) as batches:
            self._note_message()
            self._opened, self._put_off = self.last_message, False
            if current:
                self._mark_current()
            async with asyncio.TaskGroup() as group:
                path = self.health.path
                reading = group.create_task(self._read(batches), name=f"watch {path}")
                patience = group.create_task(self._watch_for_silence(), name=f"patience {path}")
                reading.add_done_callback(lambda _: patience.cancel())
                self._reading = reading
        ended_by = self._ended_by if reading.cancelled() else reading.result()
        if ended_by is not None:
            raise ended_by

    async def _read(self, batches: AsyncIterator[Batch]) -> ClusterUnavailable | None:
        """Apply what arrives until the stream ends; return what ended it, None if normal.

        It is returned, not raised, because a task group would wrap it.
        """
        try:
            async for lines in batches:
                if lines:  # blank lines are no message
                    self._apply(lines, self._note_message())
        except ClusterUnavailable as trouble:
            return trouble
        return None

    def _apply(self, lines: Batch, at: float) -> None:
        for line in lines:
            match read_line(line, self.resource.decode):
                case Present(entry):
                    self.health.reach(entry.version)
                    self._sink.put(entry, at)
                case Deleted(entry):
                    self.health.reach(entry.version)
                    self._sink.remove(entry, at)
                case Dropped(why, version):
                    if version:
                        self.health.reach(version)
                    self._drop(why)
                case Bookmark(version):
                    self.health.reach(version)
                case refused:
                    raise refusal(refused, f"watch {self.resource.rule()}")
        if lines and not self.health.current:
            self._mark_current()

    def _drop(self, why: str) -> None:
        """Log once that an object is skipped."""
        if why not in self._dropped and len(self._dropped) < DROPPED_LOGGED:
            self._dropped.add(why)
            log.warning("%s: %s. Skipping this object.", self.health.path, why)

    async def _watch_for_silence(self) -> None:
        """Trust the open watch after a moment, and end it when it is silent for too long."""
        await self._pace.sleep(SETTLED)
        if not self.health.current:
            self._mark_current()
        while (left := self.last_message + self._stall_after - self._pace.now()) > 0:
            await running_for(self._pace, left)  # what came while we were stopped is read first
        self.interrupt(
            ReadTimeout(
                f"watch {self.resource.rule()}: no data for {self._stall_after:g} s.",
                remedy="The connection is presumed dead; this server reconnects by itself.",
            )
        )

    def _wait_after_end(self) -> float:
        """Seconds to wait after a watch that ended normally."""
        if self._lived():
            self._backoff.reset()
            return 0.0
        return self._backoff.next()

    def _wait_after(self, trouble: ClusterUnavailable) -> float:
        """Note the trouble, forget the version if it is useless; return seconds to wait."""
        if self._lived():
            self._backoff.reset()
        ending = after(trouble, self._backoff.next(), self.resource, put_off=self._put_off)
        self._put_off = self._put_off or ending.put_off
        if ending.forget_history:
            self.health.forget()
        if ending.forget_version:
            self.health.version = None
        if ending.older is not None:
            self._become_older(ending.older)
        if ending.stale:
            self._mark_stale(trouble)
        return ending.wait

    def _lived(self) -> bool:
        """Whether the last pass had a watch that lasted."""
        return self._opened is not None and self._pace.now() - self._opened >= SHORT

    def _become_older(self, older: Resource) -> None:
        log.warning(
            "This API server has no %s: watching %s instead.",
            self.resource.rule(),
            older.rule(),
        )
        self.resource = older
        self.health.path = older.path(self._namespace)
        self.health.version = None

    def _note_message(self) -> float:
        """Note that a message arrived; return its moment."""
        self.last_message = self._pace.now()
        self.health.received_at = at = self._clock.now()
        return at

    def _mark_current(self) -> None:
        if self.health.trouble is not None:
            log.info("%s: watching again", self.health.path)
        self.health.current, self.health.trouble = True, None
        self._changed()

    def _mark_stale(self, trouble: ClusterUnavailable) -> None:
        if type(self.health.trouble) is not type(trouble):
            rare = isinstance(trouble, NotFound | Forbidden)
            log.log(logging.WARNING if rare else logging.INFO, "%s", trouble)
        self.health.current, self.health.trouble = False, trouble
        self._changed()
