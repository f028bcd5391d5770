"""Open watches: each change is encoded once, and all watches share its bytes.

A watch is a stream of lines that starts at the version that the client names: first the changes
since then, from the history, then each new one. It ends cleanly at its timeout. It breaks when the
client reads too slowly, or by a fault.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import orjson

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.resources import NODES, RESOURCES, ApiResource
from chaosmonkey.simcluster.apiserver.selectors import Selector
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Obj, WatchCache, watch_line
from chaosmonkey.simcluster.realtime import RealTime

BOOKMARK_EVERY = 60.0
_LAST_BOOKMARK = 2.0
_BACKLOG = 20_000

_BLANK_NODE = (
    "machineID",
    "systemUUID",
    "bootID",
    "kernelVersion",
    "osImage",
    "containerRuntimeVersion",
    "kubeletVersion",
    "kubeProxyVersion",
    "operatingSystem",
    "architecture",
)
_BLANK: dict[str, Obj] = {
    "nodes": {
        "spec": {},
        "status": {
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 0}},
            "nodeInfo": dict.fromkeys(_BLANK_NODE, ""),
        },
    },
    "pods": {"spec": {"containers": None}, "status": {}},
    "leases": {"spec": {}},
    "endpointslices": {"addressType": "", "endpoints": None, "ports": None},
}
assert NODES.plural in _BLANK

Render = Callable[[str, Obj], bytes]
"""Writes a line for a client that wants a form other than the object's JSON."""


@dataclass(eq=False)
class Watch:
    """One open stream and the lines to send on it.

    Attributes:
        resource: the watched resource.
        namespace: send only objects in it; empty for all.
        selector: send only matching objects; None for all.
        seen: the version up to which the client is up to date.
        render: writes the lines; None sends the shared bytes.
        most: how many lines may queue for a slow client.
    """

    resource: ApiResource
    namespace: str = ""
    selector: Selector | None = None
    seen: int = 0
    render: Render | None = None
    most: int = _BACKLOG
    broken: bool = False
    ended: bool = False
    silent_until: float = 0.0
    lines: deque[bytes] = field(default_factory=deque)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def receive(self, change: Change) -> None:
        """Queue a change, if it is new and selected."""
        if change.version <= self.seen or (self.namespace and change.key[0] != self.namespace):
            return
        what = self._event_type(change)
        if what == change.what and self.render is None:
            self.push(change.line)
        elif what:
            self.push(self.line_of(what, change))

    def _event_type(self, change: Change) -> str:
        """The event type of a change for this watch; empty if it concerns no selected object."""
        if self.selector is None:
            return change.what
        now = change.what != "DELETED" and self.selector(change.object)
        was = change.before is not None and self.selector(change.before)
        match was, now:
            case False, True:
                return "ADDED"
            case True, True:
                return "MODIFIED"
            case True, False:
                return "DELETED"
            case _:
                return ""

    def line_of(self, what: str, change: Change) -> bytes:
        """A change as a line in the form that the client wants."""
        if self.render is None:
            return watch_line(what, change.json)
        return self.render(what, change.object)

    def push(self, line: bytes) -> None:
        """Queue a line; break the watch if the client reads too slowly."""
        self.lines.append(line)
        self.broken = self.broken or len(self.lines) > self.most
        self.changed.set()

    def finish(self, *, broken: bool = False) -> None:
        """End the watch, cleanly or (`broken`) in the middle of the stream."""
        self.ended = True
        self.broken = self.broken or broken
        self.changed.set()


class Watches:
    """All open watches of one world."""

    def __init__(self, live: RealTime) -> None:
        self._live = live
        self._open: dict[ApiResource, dict[Watch, None]] = {resource: {} for resource in RESOURCES}
        for resource, watches in self._open.items():
            live.world.store.subscribe(resource, self._deliver_to(watches))

    @staticmethod
    def _deliver_to(watches: dict[Watch, None]) -> Callable[[Change], None]:
        def deliver(change: Change) -> None:
            for watch in watches:
                watch.receive(change)

        return deliver

    def begin(self, watch: Watch, version: int | None) -> None:
        """Open a watch from a version; None starts with all existing objects.

        If the version is too old, the stream ends after one ERROR line.
        """
        cache = self._live.world.store.cache(watch.resource)
        if version is None:
            self._push_all(watch, cache)
        elif version < cache.floor:
            status = refusals.expired(version, cache.floor).status()
            watch.push(watch_line("ERROR", orjson.dumps(status)))
            watch.finish()
            return
        else:
            watch.seen = version
            for change in cache.since(version):
                watch.receive(change)
        self._open[watch.resource][watch] = None

    def _push_all(self, watch: Watch, cache: WatchCache) -> None:
        """Queue an ADDED for every object, in no particular order."""
        for change in cache.latest.values():
            wanted = not watch.namespace or change.key[0] == watch.namespace
            if wanted and (watch.selector is None or watch.selector(change.object)):
                watch.most += 1
                watch.push(watch.line_of("ADDED", change))
        watch.seen = self._live.world.store.version

    def bookmark(self, watch: Watch, *, initial: bool = False) -> None:
        """Queue a bookmark: the version that the client has reached."""
        meta: Obj = {"resourceVersion": str(max(watch.seen, self._live.world.store.version))}
        if initial:
            meta["annotations"] = {"k8s.io/initial-events-end": "true"}
        resource = watch.resource
        body = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta}
        blank = body | _BLANK.get(resource.plural, {})
        if watch.render is not None:
            watch.push(watch.render("BOOKMARK", blank))
        else:
            watch.push(watch_line("BOOKMARK", orjson.dumps(blank)))

    def close(self, watch: Watch) -> None:
        """Forget a watch."""
        self._open[watch.resource].pop(watch, None)

    def all(self) -> Iterable[Watch]:
        """Every open watch."""
        return [watch for watches in self._open.values() for watch in watches]

    def abort(self) -> None:
        """Break every stream."""
        for watch in self.all():
            watch.finish(broken=True)

    def end(self) -> None:
        """End every stream cleanly."""
        for watch in self.all():
            watch.finish()

    def silence(self, until: float) -> None:
        """Send nothing on the open streams until a moment."""
        for watch in self.all():
            watch.silent_until = until

    def broadcast(self, line: bytes) -> None:
        """Send a line to every watch."""
        for watch in self.all():
            watch.push(line)

    async def batches(
        self,
        watch: Watch,
        *,
        seconds: float,
        bookmarks: bool,
        send: Callable[[bytes], Awaitable[None]],
    ) -> None:
        """Send a watch's lines as they come, until it ends or its seconds have passed.

        Each call of `send` gets the bytes of one or more lines.
        """
        clock = self._live.clock
        deadline = clock.now() + seconds
        mark = min(clock.now() + BOOKMARK_EVERY, deadline - _LAST_BOOKMARK)
        while not watch.broken:
            now = clock.now()
            if bookmarks and now >= mark and not watch.ended:
                self.bookmark(watch)
                mark = now + BOOKMARK_EVERY
            if watch.lines and now >= watch.silent_until:
                batch = b"".join(watch.lines)
                watch.lines.clear()
                await send(batch)
                continue
            if (watch.ended and not watch.lines) or now >= deadline:
                return
            wake = min(deadline, mark) if bookmarks and mark > now else deadline
            if watch.lines:
                wake = watch.silent_until
            watch.changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, wake - now) / clock.speed):
                    await watch.changed.wait()
