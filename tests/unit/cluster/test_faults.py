"""The cache equals the server after any sequence of changes and faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from chaosmonkey.cluster.decoding import ListPage, read_page
from chaosmonkey.cluster.errors import Status, Unreachable, refusal
from chaosmonkey.cluster.protocols import Position
from chaosmonkey.cluster.resources import Resource
from chaosmonkey.errors import ClusterUnavailable
from chaosmonkey.model import Changed, Pod, Removed

NAMES = ("a", "b", "c")


Lines = list[bytes]


class Pretend:
    """Holds pods with versions and a history, as an API server does, and fails on demand."""

    def __init__(self) -> None:
        self.version = 100
        self.pods: dict[str, dict[str, Any]] = {}
        self.history: list[tuple[int, bytes]] = []
        self.forgotten = 100
        self.streams: dict[asyncio.Queue[bytes | ClusterUnavailable | None], int] = {}
        self.lists_fail = self.watches_fail = 0
        self.code = 500
        self.backup: tuple[int, dict[str, dict[str, Any]]] = 100, {}
        self.away = 0
        self.page = 500
        self.snapshots: dict[str, tuple[list[dict[str, Any]], int]] = {}

    # --- what happens to it ---------------------------------------------------------------------

    def put(self, name: str) -> None:
        """Create or modify; every third modification changes nothing that the model sees."""
        self.version += 1
        known = self.pods.get(name)
        node = f"node{self.version // 3}"
        uid = known["metadata"]["uid"] if known else f"uid-{name}-{self.version}"
        metadata = {
            "name": name, "namespace": "demo", "uid": uid, "resourceVersion": str(self.version),
        }  # fmt: skip
        self.pods[name] = {"metadata": metadata, "spec": {"nodeName": node}}
        self._tell("MODIFIED" if known else "ADDED", self.pods[name])

    def delete(self, name: str) -> None:
        if found := self.pods.pop(name, None):
            self.version += 1
            found["metadata"] = found["metadata"] | {"resourceVersion": str(self.version)}
            self._tell("DELETED", found)

    def _tell(self, kind: str, found: dict[str, Any]) -> None:
        line = orjson.dumps({"type": kind, "object": found})
        self.history.append((self.version, line))
        self._send(line, self.version)

    def _send(self, item: bytes | ClusterUnavailable | None, version: int | None = None) -> None:
        for stream, after in self.streams.items():
            if version is None or version > after:  # of a future version a watch tells nothing
                stream.put_nowait(item)

    def bookmark(self) -> None:
        metadata = {"resourceVersion": str(self.version)}
        self._send(orjson.dumps({"type": "BOOKMARK", "object": {"metadata": metadata}}))

    def forget(self) -> None:
        self.forgotten = self.version
        self.snapshots.clear()

    def end(self) -> None:
        self._send(None)

    def break_off(self) -> None:
        self._send(Unreachable("broke"))

    def garble(self) -> None:
        self._send(b'{"type":"MODIFIED","object":{"metad')

    def restart(self) -> None:
        self.break_off()
        self.forget()
        self.lists_fail = self.watches_fail = 2

    def back_up(self) -> None:
        self.backup = (self.version, dict(self.pods))

    def restore(self) -> None:
        """Its datastore is what it was: streams end, and the same versions come again."""
        self.version, pods = self.backup
        self.pods = dict(pods)
        self.forgotten = min(self.forgotten, self.version)
        self.history = [(at, line) for at, line in self.history if at <= self.version]
        self.snapshots.clear()

    def restore_and_break_off(self) -> None:
        self.restore()
        self.break_off()

    def restore_and_end(self) -> None:
        """A server that stops in good order is away until it is there again."""
        self.restore()
        self.end()
        self.away = 1

    def restore_under_open_streams(self) -> None:
        """As a proxy that reconnects by itself makes it look."""
        if self.backup[0] < self.version:
            self.restore()
            self.bookmark()

    def fall_silent(self) -> None:
        """The open streams are dead from now on, without an end."""
        self.streams.clear()

    # --- what it is asked -----------------------------------------------------------------------

    async def list(
        self, resource: Resource, namespace: str | None, *, token: str = "", limit: int = 500
    ) -> ListPage:
        await asyncio.sleep(0)
        if self.lists_fail:
            self.lists_fail -= 1
            raise refusal(Status(self.code), "list")
        if token:
            if token not in self.snapshots:
                raise refusal(Status(410), "list")
            items, version = self.snapshots.pop(token)
        else:
            items, version = list(self.pods.values()), self.version
        following = ""
        if limit and len(items) > self.page:
            following = f"after {len(self.snapshots)} {version}"
            self.snapshots[following] = (items[self.page :], version)
            items = items[: self.page]
        metadata = {"resourceVersion": str(version), "continue": following}
        return read_page(orjson.dumps({"metadata": metadata, "items": items}), resource.decode)

    @asynccontextmanager
    async def watch(
        self, resource: Resource, namespace: str | None, version: str, seconds: int
    ) -> AsyncIterator[AsyncIterator[Lines]]:
        await asyncio.sleep(0)
        if self.watches_fail:
            self.watches_fail -= 1
            raise refusal(Status(self.code, retry_after=1.0), "watch")
        stream: asyncio.Queue[bytes | ClusterUnavailable | None] = asyncio.Queue()
        if int(version) < self.forgotten:
            status = {"kind": "Status", "code": 410, "reason": "Expired"}
            stream.put_nowait(orjson.dumps({"type": "ERROR", "object": status}))
            stream.put_nowait(None)
        else:
            for at, line in self.history:
                if at > int(version):
                    stream.put_nowait(line)
            self.streams[stream] = int(version)
        try:
            yield self._follow(stream)
        finally:
            self.streams.pop(stream, None)

    async def _follow(
        self, stream: asyncio.Queue[bytes | ClusterUnavailable | None]
    ) -> AsyncIterator[Lines]:
        while True:
            match await stream.get():
                case None:
                    return
                case ClusterUnavailable() as error:
                    raise error
                case bytes() as line:
                    yield [line]

    async def position(self, resource: Resource, namespace: str | None) -> Position:
        if self.away:
            self.away -= 1
            raise Unreachable("refused")
        page = await self.list(resource, namespace, limit=1)
        return Position("", page.version)

    async def glance(self) -> None:
        return


CHANGES = st.tuples(st.sampled_from(["put", "put", "put", "delete"]), st.sampled_from(NAMES))
FAULTS = st.tuples(
    st.sampled_from(["bookmark", "forget", "end", "break_off", "garble", "restart", "fall_silent"])
)
RESTORES = st.tuples(
    st.sampled_from(
        ["back_up", "restore_and_break_off", "restore_and_end", "restore_under_open_streams"]
    )
)
FAILING = st.tuples(
    st.just("fail"), st.sampled_from(["lists_fail", "watches_fail"]),
    st.sampled_from([401, 403, 404, 410, 429, 500, 503]),
)  # fmt: skip
PAUSES = st.tuples(st.just("wait"), st.sampled_from([0.0, 0.2, 1.0, 10.0, 80.0]))


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(CHANGES | CHANGES | FAULTS | RESTORES | FAILING | PAUSES, max_size=25),
    page=st.sampled_from([1, 2, 500]),
)
def test_the_cache_and_the_news_equal_the_server_after_any_sequence_of_changes_and_faults(
    make_bench: Callable[..., Any], steps: list[tuple[Any, ...]], page: int
) -> None:
    asyncio.run(_play(make_bench, steps, page))


async def _play(make_bench: Callable[..., Any], steps: list[tuple[Any, ...]], page: int) -> None:
    server = Pretend()
    server.page = page
    bench = make_bench(server)
    async with bench.running():
        for step in steps:
            match step:
                case ("wait", seconds):
                    await bench.clock.advance(seconds)
                case ("fail", what, code):
                    setattr(server, what, 2)
                    server.code = code
                case (name, *arguments):
                    getattr(server, name)(*arguments)
                case _:
                    raise AssertionError(step)
        await bench.clock.advance(400)
        assert {found.name: found.node for found in bench.cache} == {
            name: found["spec"]["nodeName"] for name, found in server.pods.items()
        }
        assert _fold(bench.published) == {found.uid: found for found in bench.cache}
        assert bench.reflector.health.current


def _fold(published: list[Any]) -> dict[str, Pod]:
    """What somebody believes who has only the news, which must never say the same thing twice."""
    known: dict[str, Pod] = {}
    before = 0.0
    for event in published:
        assert event.at >= before
        before = event.at
        match event:
            case Changed(Pod() as found):
                assert known.get(found.uid) != found
                assert found.name not in {p.name for u, p in known.items() if u != found.uid}
                known[found.uid] = found
            case Removed(Pod() as found):
                del known[found.uid]
            case _:
                raise AssertionError(event)
    return known
