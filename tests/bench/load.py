"""An audience of 2,000 phones on one server: they join, listen and vote, and a machine is killed.

    phones' process ─► page, seat, stream ─┐                 ┌─► console's websocket (here)
    hands' process ──► votes ──────────────┼─► the server ───┼─► phones' process
    here ──► HALT, events of the cluster ──┘                 └─► answers (here)
                         nats-server ──► as many websockets of the phones' process

The same bytes go out by turns through the server and through nats-server, so that whatever else the
machine does hits both. The server, the phones, the hands and this share the machine's cores.
"""

import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

from tests.bench._crowd import Crowd, Nats, crowd, nats
from tests.bench._probes import Console, Memory, Probes, console, opened, processor_seconds, release
from tests.bench._table import ApiServer, Header, percentiles, server, simulated_objects

PORT = 18082
NATS = 18083
NATS_SOCKETS = 18084


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
    pause: float = 0.4
    """Seconds between two of them: more than the 0.25 s that the phones' stream rests."""


FULL = Scale()


async def measure(scale: Scale = FULL) -> dict[str, Any]:
    async with _hall() as hall:
        quiet = await hall.probed(asyncio.sleep(5))
        joined, joining = await hall.join(scale)
        out = await hall.fan_out(scale)
        votes = await hall.vote(scale, joined["cookies"])
        told = await hall.phones.do("heard")
        return {
            "conditions": f"{scale.phones} phones in one process, {os.cpu_count()} cores shared "
            f"by server, phones, votes and measuring; load {os.getloadavg()[0]:.1f}",
            "without_phones": quiet,
            "join": joining,
            "fan_out": out,
            "vote": votes,
            "disconnects": told["lost"].get("ours", 0),
            "phones_at_the_end": hall.listening,
            "server_mb": {"at_the_end": hall.memory.now(), "most": hall.memory.most()},
        }


@contextlib.asynccontextmanager
async def _hall() -> AsyncIterator["Hall"]:
    api = ApiServer(await simulated_objects())
    header = Header()
    runner, api_port = await api.serve()
    bench = await header.serve()
    try:
        with tempfile.TemporaryDirectory() as name:
            async with (
                server(
                    Path(name),
                    api=f"http://127.0.0.1:{api_port}",
                    header_port=bench.sockets[0].getsockname()[1],
                    port=PORT,
                ) as process,
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}", timeout=30) as client,
                crowd() as phones,
                crowd() as hands,
            ):
                await _ready(client)
                async with console(PORT) as seen:
                    probes = Probes(client, api, seen)
                    yield Hall(Path(name), client, phones, hands, seen, probes, process.pid)
    finally:
        bench.close()
        await runner.cleanup()


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
    listening: int = 0

    @property
    def memory(self) -> Memory:
        """The server's."""
        return Memory(self.pid)

    async def probed(self, doing: Any) -> dict[str, Any]:
        """What HALT and the watch take while something is going on, and the server's processor."""
        began, before = time.perf_counter(), processor_seconds(self.pid)
        async with self.probes.going():
            await doing
        used = (processor_seconds(self.pid) - before) / (time.perf_counter() - began)
        await release(self.client)
        return {
            "halt": percentiles(self.probes.halts),
            "event_to_console": percentiles(self.probes.delays()),
            "processor_percent": round(100 * used, 1),
        }

    async def join(self, scale: Scale) -> tuple[dict[str, Any], dict[str, Any]]:
        """All come, as many a second as the others."""
        joined: dict[str, Any] = {}

        async def come() -> None:
            joined.update(
                await self.phones.do("join", port=PORT, phones=scale.phones, seconds=scale.join)
            )

        probed = await self.probed(come())
        self.listening = (await self.phones.do("heard"))["open"]
        return joined, {
            "seconds": round(joined["seconds"], 1),
            "one_phone": percentiles(joined["took"]),
            "failed": joined["failed"],
            **probed,
        }

    async def fan_out(self, scale: Scale) -> dict[str, Any]:
        """The same messages by turns through the server and through nats-server."""
        async with nats(self.folder, port=NATS, websocket_port=NATS_SOCKETS) as other:
            await self.phones.do("subscribe", port=NATS_SOCKETS, phones=scale.phones)
            await self.phones.do("heard")
            pressed, published = await self._by_turns(scale, other)
            heard = await self.phones.do("heard")
        offset = time.time() - time.perf_counter()
        ours, theirs = heard["came"]["ours"], heard["came"]["theirs"]
        figures = {
            "press_to_phone": _spread(ours, pressed),
            "event_to_phone": _spread(
                ours, {seq: heard["at"][str(seq)] - offset for seq in pressed}
            ),
            "nats_to_client": _spread(theirs, published),
        }
        ratios = {
            name: [
                percentiles(mine)["p99_ms"] / percentiles(its)["p99_ms"]
                for mine, its in zip(figures[name], figures["nats_to_client"], strict=True)
            ]
            for name in ("event_to_phone", "press_to_phone")
        }
        flat = {
            name: percentiles(list(chain.from_iterable(rounds))) for name, rounds in figures.items()
        }
        return {
            **flat,
            "p99_of_nats": {
                f"{name}_{kind}": round(value, 2)
                for name in ratios
                for kind, value in (
                    ("all", flat[name]["p99_ms"] / flat["nats_to_client"]["p99_ms"]),
                    ("median_of_pairs", statistics.median(ratios[name])),
                )
            },
            "missed": scale.phones * len(pressed) * 2 - sum(
                len(one) for name in ("event_to_phone", "nats_to_client") for one in figures[name]
            ),
        }  # fmt: skip

    async def _by_turns(
        self, scale: Scale, other: Nats
    ) -> tuple[dict[int, float], dict[int, float]]:
        pressed: dict[int, float] = {}
        published: dict[int, float] = {}
        async with connect(f"ws://127.0.0.1:{PORT}/ws/play") as phone:
            await asyncio.sleep(1)
            for number in range(scale.pairs):
                with contextlib.suppress(TimeoutError):
                    while True:
                        await asyncio.wait_for(phone.recv(), 0.01)
                began = time.perf_counter()
                await self.client.post("/api/show", json={"light": number % 2 == 0})
                message = str(await phone.recv()).encode()
                seq = int(message.partition(b'"seq":')[2].partition(b",")[0])
                pressed[seq] = began
                await asyncio.sleep(scale.pause)
                published[seq] = time.perf_counter()
                other.publish(message)
                await asyncio.sleep(scale.pause)
        return pressed, published

    async def vote(self, scale: Scale, cookies: list[str]) -> dict[str, Any]:
        """Each phone votes, a machine is killed meanwhile, and all see the result."""
        current = await opened(self.client)
        ballots = [{"round": current["id"], "machine": f"node{n}"} for n in (1, 2, 3, 3)]
        await self.phones.do("heard")
        self.console.ballots.clear()
        voted: dict[str, Any] = {}

        async def press() -> None:
            voted.update(
                await self.hands.do(
                    "vote", port=PORT, cookies=cookies, ballots=ballots, seconds=scale.vote
                )
            )

        killed = await self.client.post("/kill/node3", params={"for": 60})
        probed = await self.probed(press())
        shown = await self.phones.do("heard")
        offset = time.time() - time.perf_counter()
        closed = await self.client.post("/api/round/close")
        await asyncio.sleep(1)
        result = await self.phones.do("heard")
        last = max(map(int, result["came"]["ours"]))
        presses = voted["presses"]
        counted = [self.console.counted(number + 1) for number in range(len(presses))]
        return {
            "kill": killed.status_code,
            "accepted": sum(status == 200 for _, _, status in presses),
            "counted": closed.json()["ballots"],
            "failed": voted["failed"],
            "press_to_answer": percentiles([done - began for began, done, _ in presses]),
            "press_to_count": percentiles(
                [when - press[0] for press, when in zip(presses, counted, strict=True) if when]
            ),
            "event_to_phone": percentiles(
                [
                    when - (shown["at"][seq] - offset)
                    for seq, times in shown["came"]["ours"].items()
                    for when in times
                ]
            ),
            "saw_the_result": len(result["came"]["ours"][str(last)]),
            **probed,
        }


def _spread(came: dict[str, list[float]], began: dict[int, float]) -> list[list[float]]:
    """Seconds from the beginning of each message to its arrival at each phone."""
    return [[when - began[seq] for when in came[str(seq)]] for seq in began]


async def _ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get("/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)
