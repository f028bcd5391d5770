"""All resources together: their order, and whether they can be believed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import orjson
import pytest

from chaosmonkey.clock import ManualClock
from chaosmonkey.cluster import ClusterWatch
from chaosmonkey.cluster.decoding import ListPage, read_page
from chaosmonkey.cluster.errors import Status, Unreachable, refusal
from chaosmonkey.cluster.protocols import Position
from chaosmonkey.cluster.resources import Resource
from chaosmonkey.cluster.watch import QUIET
from chaosmonkey.config import Cluster
from chaosmonkey.errors import ClusterUnavailable
from chaosmonkey.model import Changed, ClusterEvent, Fresh, Stale

Lines = list[bytes]


class Lab:
    """A server of every resource with one object each, whose streams the test plays by hand."""

    def __init__(self) -> None:
        self.down: ClusterUnavailable | None = None
        self.refuses: dict[str, int] = {}
        self.listed: list[str] = []
        self.watched: list[str] = []
        self.glances = 0
        self.at = Position("cluster-a", "10")
        self.streams: dict[str, asyncio.Queue[list[bytes] | ClusterUnavailable]] = {}

    def _ask(self, resource: Resource) -> None:
        if self.down:
            raise self.down
        if code := self.refuses.get(resource.name):
            raise refusal(Status(code), f"list {resource.name}")

    async def list(
        self, resource: Resource, namespace: str | None, *, token: str = "", limit: int = 500
    ) -> ListPage:
        await asyncio.sleep(0)
        self._ask(resource)
        self.listed.append(resource.path(namespace))
        item = {
            "metadata": {
                "name": f"one-{resource.name}", "namespace": namespace or "demo",
                "uid": resource.path(namespace), "resourceVersion": self.at.version,
            },
            "involvedObject": {},
        }  # fmt: skip
        body = {"metadata": {"resourceVersion": self.at.version}, "items": [item]}
        return read_page(orjson.dumps(body), resource.decode)

    @asynccontextmanager
    async def watch(
        self, resource: Resource, namespace: str | None, version: str, seconds: int
    ) -> AsyncIterator[AsyncIterator[Lines]]:
        await asyncio.sleep(0)
        self._ask(resource)
        self.watched.append(resource.name)
        stream = self.streams[resource.name] = asyncio.Queue()
        yield self._follow(stream)

    async def _follow(
        self, stream: asyncio.Queue[Lines | ClusterUnavailable]
    ) -> AsyncIterator[Lines]:
        while True:
            step = await stream.get()
            if isinstance(step, ClusterUnavailable):
                raise step
            yield step

    async def position(self, resource: Resource, namespace: str | None) -> Position:
        await asyncio.sleep(0)
        self._ask(resource)
        return self.at

    async def glance(self) -> None:
        self.glances += 1
        if self.down:
            raise self.down

    def say(self, resource: str) -> None:
        metadata = {"resourceVersion": self.at.version}
        bookmark = {"type": "BOOKMARK", "object": {"metadata": metadata}}
        self.streams[resource].put_nowait([orjson.dumps(bookmark)])

    def break_off(self) -> None:
        for stream in self.streams.values():
            stream.put_nowait(Unreachable("broke."))


class Stage:
    def __init__(self, lab: Lab, **settings: Any) -> None:
        self.lab = lab
        self.clock = ManualClock()
        self.start = self.clock.now()
        self.published: list[ClusterEvent] = []
        self.watch = ClusterWatch(
            lab, self.published.append, Cluster(**settings), clock=self.clock, random=Random(3)
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.watch.run())
            await self.settle()
            yield
            task.cancel()

    async def settle(self, seconds: float = 0.0) -> None:
        await self.clock.advance(seconds)
        await self.clock.advance(0)

    @property
    def trust(self) -> list[Stale | Fresh]:
        return [event for event in self.published if isinstance(event, Stale | Fresh)]


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def stage(lab: Lab) -> Stage:
    return Stage(lab)


async def test_what_owns_pods_is_published_before_the_first_pod(stage: Stage) -> None:
    async with stage.running():
        kinds = [type(e.object).__name__ for e in stage.published if isinstance(e, Changed)]
        assert set(kinds[-2:]) == {"Pod", "EndpointSlice"}
        assert sorted(kinds[:-2]) == ["Lease", "Node", *["Workload"] * 4]
        assert stage.watch.synced.is_set()


async def test_pods_wait_for_their_owners(stage: Stage, lab: Lab) -> None:
    lab.down = Unreachable("refused.")
    async with stage.running():
        await stage.settle(30)
        assert not any("pods" in path for path in lab.listed)
        lab.down = None
        await stage.settle(3)
        assert stage.watch.synced.is_set()


async def test_pods_come_although_some_controllers_may_not_be_seen(stage: Stage, lab: Lab) -> None:
    lab.refuses = {"daemonsets": 403}
    async with stage.running():
        assert "/api/v1/pods" in lab.listed
        assert stage.watch.synced.is_set()
        assert stage.trust == [Fresh(stage.start)]


async def test_events_of_before_are_no_news(stage: Stage) -> None:
    async with stage.running():
        assert not any("one-events" in str(event) for event in stage.published)


async def test_the_first_word_is_fresh_when_all_is_well(stage: Stage) -> None:
    async with stage.running():
        assert stage.trust == [Fresh(stage.start)]


async def test_the_first_word_is_stale_when_nobody_answers(stage: Stage, lab: Lab) -> None:
    lab.down = Unreachable("connection refused.")
    async with stage.running():
        await stage.settle(20)
        assert stage.trust == [Stale(stage.start, "connection refused")]
        lab.down = None
        await stage.settle(3)
        assert [type(word) for word in stage.trust] == [Stale, Fresh]


async def test_broken_streams_are_said_once_since_the_last_word_of_any_of_them(
    stage: Stage, lab: Lab
) -> None:
    async with stage.running():
        await stage.settle(2)
        lab.say("leases")
        await stage.settle(1)
        lab.down = Unreachable("refused.")
        lab.break_off()
        await stage.settle(10)
        assert stage.trust[1:] == [Stale(stage.start + 2, "broke")]
        lab.down = None
        await stage.settle(4)
        assert len(stage.trust) == 3
        assert isinstance(stage.trust[2], Fresh)
        assert stage.start + 13 < stage.trust[2].at <= stage.start + 17


async def test_trouble_with_what_is_not_vital_casts_no_doubt(stage: Stage, lab: Lab) -> None:
    async with stage.running():
        lab.streams["events"].put_nowait(Unreachable("broke."))
        lab.refuses = {"events": 500}
        await stage.settle(3)
        assert stage.trust == [Fresh(stage.start)]
        troubled = [health.path for health in stage.watch.health if health.trouble]
        assert troubled == ["/api/v1/events"]


async def test_a_vital_resource_that_is_forbidden_is_stale_with_the_reason(
    stage: Stage, lab: Lab
) -> None:
    lab.refuses = {"nodes": 403}
    async with stage.running():
        (word,) = stage.trust
        assert isinstance(word, Stale)
        assert "list nodes" in word.why


async def test_a_quiet_server_that_answers_is_left_in_peace(stage: Stage, lab: Lab) -> None:
    async with stage.running():
        await stage.settle(60)
        assert 10 <= lab.glances <= 60 / QUIET
        assert len(lab.watched) == 9
        assert len(stage.trust) == 1


async def test_a_server_that_speaks_is_not_asked_whether_it_lives(stage: Stage, lab: Lab) -> None:
    async with stage.running():
        for _ in range(30):
            lab.say("leases")
            await stage.settle(2)
        assert lab.glances == 0


async def test_a_stopping_server_that_leaves_its_streams_open_is_noticed(
    stage: Stage, lab: Lab
) -> None:
    async with stage.running():
        await stage.settle(1)
        lab.say("leases")
        await stage.settle(0.5)
        lab.down = Unreachable("refused.")
        await stage.settle(QUIET + 1)
        assert stage.trust[1:] == [Stale(stage.start + 1, "refused")]
        lab.down = None
        await stage.settle(4)
        assert isinstance(stage.trust[-1], Fresh)


async def test_one_silent_watch_among_others_is_stale_since_its_own_last_word(
    stage: Stage, lab: Lab
) -> None:
    async with stage.running():
        for second in range(76):
            lab.say("leases")
            lab.say("nodes")
            if second == 10:
                lab.say("pods")
            await stage.settle(1)
        assert stage.trust[1:] == []
        for _ in range(11):
            lab.say("leases")
            lab.say("nodes")
            await stage.settle(1)
        (_, stale, fresh) = stage.trust
        assert isinstance(stale, Stale)
        assert stale.at == pytest.approx(stage.start + 10)
        assert isinstance(fresh, Fresh)


async def test_namespaces_narrow_down_what_lives_in_them(lab: Lab) -> None:
    stage = Stage(lab, namespaces=("demo", "shop"), events=False)
    async with stage.running():
        assert "/api/v1/namespaces/demo/pods" in lab.listed
        assert "/api/v1/namespaces/shop/pods" in lab.listed
        assert "/apis/apps/v1/namespaces/shop/deployments" in lab.listed
        assert "/api/v1/nodes" in lab.listed
        assert "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases" in lab.listed
        assert not any("events" in path for path in lab.listed)


async def test_stamps_and_waits_may_run_on_different_clocks(lab: Lab) -> None:
    stamps, pace = ManualClock(start=5000.0), ManualClock()
    published: list[ClusterEvent] = []
    watch = ClusterWatch(lab, published.append, Cluster(), clock=stamps, pace=pace)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watch.run())
        await pace.advance(QUIET + 1)
        assert lab.glances == 1
        assert {event.at for event in published} == {5000.0}
        task.cancel()


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (Position("cluster-a", "3"), "back in time"),
        (Position("cluster-b", "99"), "another cluster"),
    ],
)
async def test_a_cluster_that_is_not_the_one_it_was_is_said_once_and_listed_again_wholly(
    stage: Stage, lab: Lab, now: Position, why: str
) -> None:
    async with stage.running():
        lab.at = now
        before = list(lab.listed)
        lab.streams["leases"].put_nowait(Unreachable("broke."))
        await stage.settle(3)
        _, broke, replaced, fresh = stage.trust
        assert isinstance(broke, Stale)
        assert not broke.replaced
        assert isinstance(replaced, Stale)
        assert replaced.replaced
        assert why in replaced.why
        assert isinstance(fresh, Fresh)
        assert sorted(set(lab.listed[len(before) :])) == sorted(set(before))


async def test_one_bookmark_of_an_earlier_version_casts_doubt_on_every_collection(
    stage: Stage, lab: Lab
) -> None:
    async with stage.running():
        lab.at = Position("cluster-a", "4")
        lab.say("deployments")
        await stage.settle(3)
        _, stale, fresh = stage.trust
        assert isinstance(stale, Stale)
        assert stale.replaced
        assert isinstance(fresh, Fresh)
        assert {health.version for health in stage.watch.health} == {"4"}
