"""What is measured while a server is under load: the console, HALT, the watch, memory."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect

from tests.benchmarks._table import ApiServer, cpu_seconds

EVERY = 0.1
"""Seconds between two HALTs, and between two events."""


@dataclass
class Console:
    """A console's websocket: what it was told, and when."""

    ballots: list[tuple[float, int]] = field(default_factory=list)
    restarts: dict[int, float] = field(default_factory=dict)

    async def listen(self, socket: ClientConnection) -> None:
        async for message in socket:
            now = time.perf_counter()
            told = orjson.loads(message)
            changed = told.get("set") or told.get("state") or {}
            for current in changed.get("rounds", {}).values():
                self.ballots.append((now, current["entered"]))
            for pod in changed.get("pods", {}).values():
                self.restarts.setdefault(pod["restarts"], now)

    def counted(self, votes: int) -> float | None:
        """When it first showed so many votes."""
        return next((when for when, count in self.ballots if count >= votes), None)


@contextlib.asynccontextmanager
async def console(port: int) -> AsyncIterator[Console]:
    """A console that listens."""
    seen = Console()
    async with (
        connect(f"ws://127.0.0.1:{port}/ws?role=console", max_size=None) as socket,
        asyncio.TaskGroup() as tasks,
    ):
        listening = tasks.create_task(seen.listen(socket))
        yield seen
        listening.cancel()


@dataclass
class Probes:
    """HALTs and events at the cluster, again and again."""

    client: httpx.AsyncClient
    api: ApiServer
    console: Console
    halts: list[float] = field(default_factory=list)
    written: dict[int, float] = field(default_factory=dict)
    _count: int = 0

    @contextlib.asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        """For as long as the context lasts; what was measured before is forgotten."""
        self.halts.clear()
        self.written.clear()
        async with asyncio.TaskGroup() as tasks:
            both = [tasks.create_task(self._halt()), tasks.create_task(self._watch())]
            yield
            for one in both:
                one.cancel()
        await asyncio.sleep(1)  # the last event's frame

    def delays(self) -> list[float]:
        """Seconds from the end of writing an event to its frame."""
        return [self.console.restarts[mark] - when for mark, when in self.written.items()]

    async def _halt(self) -> None:
        while True:
            began = time.perf_counter()
            answer = await self.client.post("/halt")
            self.halts.append(time.perf_counter() - began)
            assert answer.status_code == 200, answer.text
            await asyncio.sleep(EVERY)

    async def _watch(self) -> None:
        pods = self.api.objects["pods"]
        while True:
            self._count += 1
            mark = 1000 + self._count
            pod = pods[self._count % len(pods)]
            pod["status"]["containerStatuses"][0]["restartCount"] = mark
            self.written[mark] = await self.api.write("pods", pod)
            await asyncio.sleep(EVERY)


@dataclass
class Memory:
    """A process' resident memory, in MB."""

    pid: int

    def now(self) -> float:
        return self._status("VmRSS")

    def most(self) -> float:
        """The most there ever was."""
        return self._status("VmHWM")

    def _status(self, name: str) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return round(int(line.split()[1]) / 1000, 1)
        raise KeyError(name)


def processor_seconds(pid: int) -> float:
    """What all threads of a process have used of a processor, as exactly as the kernel knows."""
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except FileNotFoundError:  # a kernel without CONFIG_SCHED_INFO: hundredths of a second
        return cpu_seconds(pid)
