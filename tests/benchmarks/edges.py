"""10,000 phones on two edges, over a real nats-server: what arrives, what counts, what it costs.

    phones' processes ─► edge1, edge2 ─► nats-server ─► the server ─► its cluster (here)

All of it shares the machine's cores; a phone's process stamps what comes in at once.
"""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests.benchmarks._crowd import Crowd, crowd, free_port
from tests.benchmarks._hall import CHOICES
from tests.benchmarks._probes import Memory, processor_seconds
from tests.benchmarks._table import Rig, percentiles, rig, simulated_objects
from tests.benchmarks.load import latest, seq_of, spread
from tests.nats import EDGE_PASSWORD, TABLE_PASSWORD, NatsServer, nats_program
from tests.patience import PATIENCE, connect

FEEDS = ("network", "power")
PAUSE = 1.0
"""Seconds between two messages."""


@dataclass(frozen=True)
class Scale:
    """How large and how long."""

    edges: int = 2
    phones: int = 5000
    """On each edge."""
    join: float = 60.0
    """Seconds in which they come."""
    vote: float = 10.0
    """Seconds in which each of them votes."""
    messages: int = 20
    addresses: int = 3
    """From which each edge's phones come: an edge serves 3,000 websockets of one at most."""


@dataclass
class Edge:
    """An edge and the phones on it."""

    name: str
    port: int
    process: Process
    phones: Crowd


async def measure(scale: Scale = Scale()) -> dict[str, Any]:
    if nats_program() is None:
        return {"skipped": "there is no nats-server for this machine"}
    async with contextlib.AsyncExitStack() as stack:
        it = await stack.enter_async_context(_everything(scale))
        joined = await it.all(
            "arrive", phones=scale.phones, seconds=scale.join, addresses=scale.addresses
        )
        resting = it.memory()
        spread = await _spread(it, scale)
        voted = await _vote(it, scale)
        return {
            "conditions": f"{scale.edges} edges with {scale.phones} phones each, nats-server, "
            f"server and phones on {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}",
            "join": {
                "one_phone": percentiles(list(chain(*(one["took"] for one in joined)))),
                "failed": [one["failed"] for one in joined],
            },
            "memory_mb_of_each_edge": resting,
            "memory_kb_of_each_phone": round(
                1000 * (resting[0] - it.empty_mb) / max(1, scale.phones), 1
            ),
            "event_to_phone": spread,
            "vote": voted,
        }


@dataclass
class Everything:
    """All that takes part."""

    rig: Rig
    nats: NatsServer
    edges: list[Edge]
    empty_mb: float

    async def all(self, what: str, **how: Any) -> list[dict[str, Any]]:
        """Tell the phones of all edges to do something."""
        ports = [edge.port for edge in self.edges]
        more = [{"port": port, "first": 100_000 * port} for port in ports]
        return await asyncio.gather(
            *(
                edge.phones.do(what, **how, **(one if what == "arrive" else {}))
                for edge, one in zip(self.edges, more, strict=True)
            )
        )

    def memory(self) -> list[float]:
        return [Memory(edge.process.pid).now() for edge in self.edges]

    def used(self) -> dict[str, float]:
        """Processor seconds so far."""
        edges = {edge.name: processor_seconds(edge.process.pid) for edge in self.edges}
        return {"server": processor_seconds(self.rig.process.pid), **edges}

    def uplink(self) -> tuple[int, int]:
        """Bytes that the server has sent to nats-server and received from it, as TCP counts."""
        told = subprocess.run(
            ["ss", "-tinpHO", f"dport = :{self.nats.port}"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        (line,) = (row for row in told.splitlines() if f"pid={self.rig.process.pid}," in row)
        counts = dict(re.findall(r"(bytes_sent|bytes_received):(\d+)", line))
        return int(counts["bytes_sent"]), int(counts["bytes_received"])


async def _spread(it: Everything, scale: Scale) -> dict[str, Any]:
    """Change what all phones show, again and again; when it reached each of them."""
    await it.all("heard")
    pressed: list[dict[int, float]] = [{} for _ in it.edges]
    before, uplink = it.used(), it.uplink()
    async with contextlib.AsyncExitStack() as stack:
        watching = [
            await stack.enter_async_context(connect(f"ws://127.0.0.1:{edge.port}/ws/play"))
            for edge in it.edges
        ]
        await asyncio.sleep(PAUSE)
        for number in range(scale.messages):
            for phone in watching:
                await latest(phone)
            began = time.perf_counter()
            await it.rig.client.post("/api/show", json={"feed": FEEDS[number % 2]})
            for phone, seqs in zip(watching, pressed, strict=True):
                seqs[seq_of(str(await phone.recv()).encode())] = began
            await asyncio.sleep(PAUSE)
    used = {name: now - before[name] for name, now in it.used().items()}
    sent, received = it.uplink()
    came = [heard["came"]["ours"] for heard in await it.all("heard")]
    took = list(chain(*(chain(*spread(*one)) for one in zip(came, pressed, strict=True))))
    wanted = scale.messages * scale.phones * len(it.edges)
    frames = scale.messages * scale.phones
    await it.rig.client.post("/api/show", json={"feed": "power"})
    return {
        **percentiles(took),
        "missed": wanted - len(took),
        "edge_cpu_us_of_a_frame_to_a_phone": {
            edge.name: round(1e6 * used[edge.name] / frames, 1) for edge in it.edges
        },
        "server_cpu_ms_of_a_message": round(1000 * used["server"] / scale.messages, 2),
        "server_to_nats_bytes_of_a_message": round((sent - uplink[0]) / scale.messages),
        "nats_to_server_bytes_of_a_message": round((received - uplink[1]) / scale.messages),
    }


async def _vote(it: Everything, scale: Scale) -> dict[str, Any]:
    """All of them vote; what was counted, and what it cost."""
    opened = (await it.rig.client.post("/api/round/open", json={"seconds": 600})).json()
    ballots = [{"round": opened["id"], "machine": choice} for choice in CHOICES]
    await asyncio.sleep(2)
    before, uplink = it.used(), it.uplink()
    voted = await it.all("vote_on_socket", ballots=ballots, seconds=scale.vote)
    used = {name: now - before[name] for name, now in it.used().items()}
    sent, received = it.uplink()
    closed = (await it.rig.client.post("/api/round/close")).json()
    presses = list(chain(*(one["presses"] for one in voted)))
    return {
        "seconds": scale.vote,
        "counted": closed["entered"],
        "acknowledged": len(presses),
        "refused": sum(one["refused"] for one in voted),
        "unanswered": sum(one["unanswered"] for one in voted),
        "press_to_ack": percentiles([done - began for began, done in presses]),
        "cpu_ms_of_a_vote_and_all_else": {
            name: round(1000 * seconds / max(1, len(presses)), 3) for name, seconds in used.items()
        },
        "server_to_nats_bytes_of_a_vote": round((sent - uplink[0]) / max(1, len(presses))),
        "nats_to_server_bytes_of_a_vote": round((received - uplink[1]) / max(1, len(presses))),
    }


@contextlib.asynccontextmanager
async def _everything(scale: Scale) -> AsyncIterator[Everything]:
    port = free_port()
    async with contextlib.AsyncExitStack() as stack:
        nats = NatsServer(Path(stack.enter_context(TemporaryDirectory())), port=free_port())
        stack.callback(nats.kill)
        await nats.start()
        more = (
            '[audience]\njoin_code = "off"\n'
            f'[scale]\nservers = ["{nats.url}"]\nuser = "table"\npassword = "{TABLE_PASSWORD}"\n'
        )
        running = await stack.enter_async_context(
            rig(await simulated_objects(), port=port, more=more)
        )
        edges = [
            await stack.enter_async_context(_edge(f"edge{number}", nats, running.folder))
            for number in range(1, scale.edges + 1)
        ]
        yield Everything(running, nats, edges, Memory(edges[0].process.pid).now())


@contextlib.asynccontextmanager
async def _edge(name: str, nats: NatsServer, folder: Path) -> AsyncIterator[Edge]:
    port, config = free_port(), folder / f"{name}.toml"
    config.write_text(
        f'name = "{name}"\n[server]\nhost = "127.0.0.1"\nport = {port}\n'
        f'[nats]\nservers = ["{nats.url}"]\nuser = "edge"\npassword = "{EDGE_PASSWORD}"\n'
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chaosmonkey", "edge", f"--config={config}",
        stdout=DEVNULL, stderr=DEVNULL,
    )  # fmt: skip
    try:
        async with crowd() as phones, httpx.AsyncClient(timeout=PATIENCE) as client:
            async with asyncio.timeout(PATIENCE):
                while True:
                    with contextlib.suppress(httpx.TransportError):
                        ready = await client.get(f"http://127.0.0.1:{port}/readyz")
                        if ready.status_code == 200:
                            break
                    await asyncio.sleep(0.05)
            yield Edge(name, port, process, phones)
    finally:
        process.terminate()
        await process.wait()
