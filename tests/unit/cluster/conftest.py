"""Pretend API servers for the tests of the cluster room: one plays a script, one holds objects."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import orjson
import pytest

from chaosmonkey.clock import ManualClock
from chaosmonkey.cluster.cache import Cache
from chaosmonkey.cluster.decoding import ListPage, read_page
from chaosmonkey.cluster.errors import Status, refusal
from chaosmonkey.cluster.protocols import Position
from chaosmonkey.cluster.reflector import Reflector
from chaosmonkey.cluster.resources import PODS, Resource
from chaosmonkey.errors import ClusterUnavailable
from chaosmonkey.model import Changed, ClusterEvent, Removed

Json = dict[str, Any]


def pod(name: str, *, uid: str = "", version: int = 1, node: str = "node1") -> Json:
    return {
        "metadata": {
            "name": name,
            "namespace": "demo",
            "uid": uid or f"uid-{name}",
            "resourceVersion": str(version),
        },
        "spec": {"nodeName": node},
    }


def line(kind: str, found: Json) -> bytes:
    return orjson.dumps({"type": kind, "object": found})


def bookmark(version: int) -> bytes:
    return line("BOOKMARK", {"metadata": {"resourceVersion": str(version)}})


EXPIRED = line("ERROR", {"kind": "Status", "reason": "Expired", "code": 410, "message": "too old"})
END, HANG = "end", "hang"


Lines = list[bytes]
Steps = list[Lines | ClusterUnavailable | str]


class ScriptedServer:
    """Answers lists and watches from a script, and records what it was asked.

    Give `lists` the objects and the version, or an error; give `watches` what comes over each one:
    batches of lines, an error, END or HANG (the default at the end of a watch's script is END).
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.lists: deque[tuple[list[Json], int, str] | ClusterUnavailable] = deque()
        self.watches: deque[Steps | ClusterUnavailable] = deque()
        self.pulse: ClusterUnavailable | None = None
        self.at = Position("", "")

    def will_list(self, *objects: Json, version: int, token: str = "") -> None:
        self.lists.append((list(objects), version, token))

    def will_watch(self, *steps: list[bytes] | ClusterUnavailable | str) -> None:
        self.watches.append(list(steps))

    async def list(
        self, resource: Resource, namespace: str | None, *, token: str = "", limit: int = 500
    ) -> ListPage:
        more = f" from {token}" if token else ""
        self.asked.append(f"list {resource.name}{more}{'' if limit else ' at once'}")
        await asyncio.sleep(0)
        answer = self.lists.popleft()
        if isinstance(answer, ClusterUnavailable):
            raise answer
        objects, version, following = answer
        body = {
            "metadata": {"resourceVersion": str(version), "continue": following},
            "items": objects,
        }
        return read_page(orjson.dumps(body), resource.decode)

    @asynccontextmanager
    async def watch(
        self, resource: Resource, namespace: str | None, version: str, seconds: int
    ) -> AsyncIterator[AsyncIterator[Lines]]:
        self.asked.append(f"watch {resource.name} {version}")
        await asyncio.sleep(0)
        following: Steps | ClusterUnavailable = [HANG]
        if self.watches:
            following = self.watches.popleft()
        if isinstance(following, ClusterUnavailable):
            raise following
        yield self._play(following)

    async def _play(self, steps: Steps) -> AsyncIterator[Lines]:
        for step in steps:
            match step:
                case ClusterUnavailable():
                    raise step
                case "hang":
                    await asyncio.Event().wait()
                case "end":
                    return
                case list():
                    yield step
                case _:
                    raise AssertionError(step)

    async def position(self, resource: Resource, namespace: str | None) -> Position:
        await asyncio.sleep(0)
        return self.at

    async def glance(self) -> None:
        self.asked.append("glance")
        if self.pulse:
            raise self.pulse


class Bench:
    """One reflector of pods on a manual clock, its cache, and what was published."""

    def __init__(self, server: Any, resource: Resource = PODS, **settings: Any) -> None:
        self.clock = ManualClock()
        self.start = self.clock.now()
        self.server = server
        self.published: list[ClusterEvent] = []
        self.told: list[str] = []
        self.cache = Cache(self.published.append, history=resource.history)
        self.reflector = Reflector(
            server,
            resource,
            None,
            self.cache,
            clock=self.clock,
            pace=self.clock,
            random=Random(7),
            stall_after=settings.pop("stall_after", 75.0),
            changed=lambda: self.told.append(type(self.reflector.health.trouble).__name__),
        )
        self._running: asyncio.TaskGroup | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.reflector.run())
            await self.clock.advance(0)
            yield
            task.cancel()

    @property
    def news(self) -> list[str]:
        return [spell(event) for event in self.published]

    @property
    def elapsed(self) -> float:
        return self.clock.now() - self.start


def spell(event: ClusterEvent) -> str:
    match event:
        case Changed(found):
            return f"+{getattr(found, 'name', None) or getattr(found, 'node', None)}"
        case Removed(found):
            return f"-{getattr(found, 'name', None) or getattr(found, 'node', None)}"
        case _:
            return type(event).__name__


@pytest.fixture
def server() -> ScriptedServer:
    return ScriptedServer()


@pytest.fixture
def bench(server: ScriptedServer) -> Bench:
    return Bench(server)


@pytest.fixture(scope="session")
def make_bench() -> Callable[..., Bench]:
    return Bench


@pytest.fixture
def say() -> Any:
    """The vocabulary of the scripts."""

    class Vocabulary:
        END, HANG, EXPIRED = END, HANG, EXPIRED
        pod = staticmethod(pod)
        line = staticmethod(line)
        bookmark = staticmethod(bookmark)

        @staticmethod
        def refused(code: int, retry_after: float | None = None) -> ClusterUnavailable:
            return refusal(Status(code, retry_after=retry_after), "list pods")

    return Vocabulary
