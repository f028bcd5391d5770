"""Our watch against the simulator, which shares no code with it: it survives what breaks there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest

from chaosmonkey.clock import ScaledClock, SystemClock
from chaosmonkey.cluster import Client, ClusterWatch
from chaosmonkey.cluster.errors import TooManyRequests
from chaosmonkey.cluster.resources import NODES, PODS
from chaosmonkey.config import Cluster
from chaosmonkey.model import (
    Changed,
    ClusterEvent,
    ClusterObject,
    Fresh,
    Node,
    Occurrence,
    Pod,
    Removed,
    Stale,
)
from chaosmonkey.simcluster import Ports, SimSettings, run
from tests.patience import PATIENCE, until


class Show:
    """A simulator, a watch of it, and what somebody knows who has only heard the news."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = Client(Cluster(server=url))
        # The pace is quick so that silence is noticed within the test's patience.
        self.watch = ClusterWatch(
            self.client,
            self._hear,
            Cluster(server=url),
            clock=SystemClock(),
            pace=ScaledClock(10),
        )
        self.known: dict[str, ClusterObject] = {}
        self.trust: list[Stale | Fresh] = []

    def _hear(self, event: ClusterEvent) -> None:
        match event:
            case Changed(found):
                assert self.known.get(found.uid) != found, "the same news twice"
                self.known[found.uid] = found
            case Removed(found):
                del self.known[found.uid]
            case Stale() | Fresh():
                again = isinstance(event, Stale) and event.replaced
                assert again or type(event) is not type(self.trust[-1] if self.trust else None)
                self.trust.append(event)

    async def fault(self, kind: str, seconds: float = 2.0) -> None:
        async with aiohttp.ClientSession(trust_env=False) as session:
            body = {"kind": kind, "seconds": seconds}
            async with session.post(f"{self.url}/sim/faults", json=body) as answer:
                assert answer.status == 202

    async def unplug(self, machine: str) -> None:
        async with aiohttp.ClientSession(trust_env=False) as session:
            url = f"{self.url}/bench/machines/{machine}/power"
            async with session.put(url, json={"plugged": False}) as answer:
                assert answer.status == 200

    async def delete_a_pod(self) -> str:
        """Delete a pod of a Deployment at once, as soon as the server lets us; return its name."""
        pods = [found for found in self.known.values() if isinstance(found, Pod)]
        pod = next(pod for pod in pods if pod.owner and pod.owner.kind == "ReplicaSet")
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await self.client.delete_pod(pod.namespace, pod.name, uid=pod.uid, grace=0)
                except TooManyRequests:
                    await asyncio.sleep(0.1)
                else:
                    return pod.name

    async def agrees(self) -> None:
        """Wait until what is known equals what the server lists."""
        async with asyncio.timeout(PATIENCE):
            while True:
                listed = {
                    entry.uid: entry.object
                    for resource in (PODS, NODES)
                    for entry in (await self.client.list(resource, None)).entries
                }
                known = {
                    uid: found for uid, found in self.known.items() if isinstance(found, Pod | Node)
                }
                if listed == known and isinstance(self.trust[-1], Fresh):
                    return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def showing(speed: float = 1.0) -> AsyncIterator[Show]:
    """A running simulator of the demo's cluster, and a synced watch of it."""
    settings = SimSettings(port=0, header_port=0, speed=speed)
    async with simulating(settings) as url, watching(url) as show:
        yield show


@asynccontextmanager
async def simulating(settings: SimSettings) -> AsyncIterator[str]:
    """A running simulator of the demo's cluster; its URL."""
    stop, ports = asyncio.Event(), asyncio.Queue[Ports]()
    async with asyncio.TaskGroup() as group:
        group.create_task(run(settings, ready=ports.put_nowait, stop=stop))
        yield (await ports.get()).url
        stop.set()


@asynccontextmanager
async def watching(url: str) -> AsyncIterator[Show]:
    """A watch that can be believed."""
    async with asyncio.TaskGroup() as group:
        show = Show(url)
        task = group.create_task(show.watch.run())
        await until(lambda: show.trust and isinstance(show.trust[-1], Fresh))
        yield show
        task.cancel()
        await asyncio.wait({task})
        await show.client.close()


async def test_everything_is_known_after_the_first_lists() -> None:
    async with showing() as show:
        await show.agrees()
        kinds = {type(found).__name__ for found in show.known.values()}
        assert kinds == {"Node", "Pod", "Workload", "Lease", "EndpointSlice"}
        assert [type(word) for word in show.trust] == [Fresh]


@pytest.mark.parametrize("kind", ["drop", "garbage", "too_many"])
async def test_a_fault_is_survived_and_nothing_is_missed(kind: str) -> None:
    async with showing() as show:
        await show.fault(kind)
        await show.delete_a_pod()
        await show.agrees()


async def test_a_deletion_during_a_gap_that_history_does_not_cover_is_news_all_the_same() -> None:
    async with showing() as show:
        await show.fault("drop")
        name = await show.delete_a_pod()
        await show.fault("expire")
        await show.agrees()
        assert name not in {found.name for found in show.known.values() if isinstance(found, Pod)}


async def test_a_server_that_goes_away_is_said_once_and_so_is_its_return() -> None:
    async with showing() as show:
        await show.fault("away", seconds=2.0)
        await until(lambda: isinstance(show.trust[-1], Stale))
        await until(lambda: isinstance(show.trust[-1], Fresh))
        await show.agrees()
        assert [type(word) for word in show.trust] == [Fresh, Stale, Fresh]


async def test_a_server_that_hangs_is_noticed_by_its_silence() -> None:
    async with showing() as show:
        await show.fault("stall", seconds=6.0)
        await until(lambda: isinstance(show.trust[-1], Stale))
        await until(lambda: isinstance(show.trust[-1], Fresh))
        await show.agrees()


async def test_of_events_only_warnings_about_pods_are_heard() -> None:
    async with showing(speed=20) as show:
        lost = {
            found.uid
            for found in show.known.values()
            if isinstance(found, Pod) and found.node == "node3"
        }
        await show.unplug("node3")

        def warned() -> dict[str, str]:
            said = [found for found in show.known.values() if isinstance(found, Occurrence)]
            return {one.about_uid: one.type for one in said}

        await until(lambda: lost <= set(warned()))
        assert set(warned().values()) == {"Warning"}


@pytest.mark.parametrize("seed", [0, 7])
async def test_a_simulator_that_was_started_again_is_another_cluster_and_shown_as_it_is(
    seed: int,
) -> None:
    """With the same seed its uids are the same, and only the versions tell."""
    async with AsyncExitStack() as first:
        url = await first.enter_async_context(simulating(SimSettings(port=0, header_port=0)))
        async with watching(url) as show:
            await show.delete_a_pod()
            await show.agrees()
            await first.aclose()
            again = SimSettings(port=int(url.rpartition(":")[2]), header_port=0, seed=seed)
            async with simulating(again):
                await until(
                    lambda: any(isinstance(one, Stale) and one.replaced for one in show.trust)
                )
                await show.agrees()
