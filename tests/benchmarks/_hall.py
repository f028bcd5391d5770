"""A server under test with its presenter, its cluster, and an audience of phones.

phones' process ─► page, seat, stream ─┐                 ┌─► console's websocket (here)
hands' process ──► votes ──────────────┼─► the server ───┼─► phones' process
here ──► HALT, events of the cluster ──┘                 └─► answers (here)
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks._crowd import Crowd, crowd, free_port
from tests.benchmarks._probes import Console, Memory, Probes, console, processor_seconds
from tests.benchmarks._table import percentiles, rig, simulated_objects

CHOICES = ("node1", "node2", "node4", "node5")
"""What is voted for; node3 is killed meanwhile."""


@dataclass(frozen=True)
class Scale:
    """How large and how long."""

    phones: int = 2000
    join: float = 30.0
    """Seconds in which they come."""
    vote: float = 5.0
    """Seconds in which each of them votes."""
    pairs: int = 40
    """Messages through the server, and as many through nats-server."""
    abuse: float = 20.0
    """Seconds of rough clients."""


@dataclass
class Hall:
    """Everything that takes part."""

    folder: Path
    client: httpx.AsyncClient
    phones: Crowd
    hands: Crowd
    console: Console
    probes: Probes
    pid: int
    port: int

    @property
    def memory(self) -> Memory:
        """The server's."""
        return Memory(self.pid)

    async def probed(self, doing: Coroutine[Any, Any, Any]) -> dict[str, Any]:
        """What HALT and the watch take while something is going on, and the server's processor."""
        began, before = time.perf_counter(), processor_seconds(self.pid)
        async with self.probes.going():
            await doing
        used = (processor_seconds(self.pid) - before) / (time.perf_counter() - began)
        return {
            "halt": percentiles(self.probes.halts),
            "event_to_console": percentiles(self.probes.delays()),
            "processor_percent": round(100 * used, 1),
        }

    async def join(self, scale: Scale) -> tuple[list[str], dict[str, Any]]:
        """All come, as many in a second as in another; their cookies, and what it took."""
        joined: dict[str, Any] = {}

        async def come() -> None:
            joined.update(
                await self.phones.do(
                    "join", port=self.port, phones=scale.phones, seconds=scale.join
                )
            )

        probed = await self.probed(come())
        return joined["cookies"], {
            "seconds": round(joined["seconds"], 1),
            "one_phone": percentiles(joined["took"]),
            "failed": joined["failed"],
            **probed,
        }

    async def vote(self, scale: Scale, cookies: list[str]) -> dict[str, Any]:
        """Each phone votes, a machine is killed meanwhile, and all see the result."""
        await self.ready_to_cut()
        opened = (await self.client.post("/api/round/open", json={})).json()
        ballots = [{"round": opened["id"], "machine": choice} for choice in CHOICES]
        await self.phones.do("heard")
        self.console.ballots.clear()
        voted: dict[str, Any] = {}

        async def press() -> None:
            voted.update(
                await self.hands.do(
                    "vote", port=self.port, cookies=cookies, ballots=ballots, seconds=scale.vote
                )
            )

        await self.client.post("/arm")
        killed = await self.client.post("/kill/node3", params={"for": 60})
        probed = await self.probed(press())
        shown = await self.phones.do("heard")
        offset = time.time() - time.perf_counter()
        closed = await self.client.post("/api/round/close")
        await asyncio.sleep(1)
        result = (await self.phones.do("heard"))["came"]["ours"]
        presses = [press for press in voted["presses"] if press[2] == 200]
        counted = [self.console.counted(number + 1) for number in range(len(presses))]
        return {
            "kill": killed.status_code,
            "accepted": len(presses),
            "counted": closed.json()["entered"],
            "failed": voted["failed"],
            "press_to_answer": percentiles([done - began for began, done, _ in presses]),
            "press_to_count": percentiles(
                [when - press[0] for press, when in zip(presses, counted, strict=True) if when]
            ),
            "event_to_phone_with_the_streams_rest": percentiles(
                [
                    when - (shown["at"][seq] - offset)
                    for seq, times in shown["came"]["ours"].items()
                    for when in times
                ]
            ),
            "saw_the_result": len(result[max(result, key=int)]) if result else 0,
            **probed,
        }

    async def vote_on_sockets(self, seconds: float) -> dict[str, Any]:
        """Each phone votes on its websocket; what it took, and the server's CPU for each vote."""
        opened = (await self.client.post("/api/round/open", json={})).json()
        ballots = [{"round": opened["id"], "machine": choice} for choice in CHOICES]
        await asyncio.sleep(1)
        voted: dict[str, Any] = {}
        used = 0.0

        async def press() -> None:
            nonlocal used
            before = processor_seconds(self.pid)
            voted.update(await self.phones.do("vote_on_socket", ballots=ballots, seconds=seconds))
            used = processor_seconds(self.pid) - before

        probed = await self.probed(press())
        closed = await self.client.post("/api/round/close")
        presses = voted["presses"]
        return {
            "seconds": seconds,
            "acknowledged": len(presses),
            "counted": closed.json()["entered"],
            "refused": voted["refused"],
            "unanswered": voted["unanswered"],
            "press_to_ack": percentiles([done - began for began, done in presses]),
            "cpu_ms_of_a_vote_and_all_else": round(1000 * used / max(1, len(presses)), 3),
            **probed,
        }

    async def ready_to_cut(self) -> None:
        """End a HALT, and arm the table."""
        for what in ("/release", "/arm"):
            answer = await self.client.post(what)
            assert answer.status_code == 200, answer.text


@contextlib.asynccontextmanager
async def hall() -> AsyncIterator[Hall]:
    """Everything, from the cluster to two processes for phones that are still empty."""
    port = free_port()
    async with (
        rig(await simulated_objects(), port=port, more='[audience]\njoin_code = "off"\n') as it,
        crowd() as phones,
        crowd() as hands,
        console(port) as seen,
    ):
        probes = Probes(it.client, it.api, seen)
        yield Hall(it.folder, it.client, phones, hands, seen, probes, it.process.pid, port)
