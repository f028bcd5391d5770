"""The demo as a person starts it: real processes, ports and signals, time 20 times as fast."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ports import free_ports

SPEED = 20.0
PATIENCE = 30.0
"""Seconds that anything may take before a test fails."""


@dataclass
class Demo:
    """A running demo."""

    process: Process
    port: int
    sim_port: int
    data: Path
    client: httpx.AsyncClient
    output: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.client.get(path, params=query)
        return answer.json()

    async def bench(self) -> dict[str, Any]:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"http://127.0.0.1:{self.sim_port}/bench")).json()

    async def is_live(self, machine: str, feed: str = "power") -> bool:
        return (await self.bench())["machines"][machine][feed]["live"]

    async def fault(self, kind: str, **values: float) -> None:
        async with httpx.AsyncClient() as client:
            body = {"kind": kind} | values
            answer = await client.post(f"http://127.0.0.1:{self.sim_port}/sim/faults", json=body)
            answer.raise_for_status()

    async def server_pid(self) -> int:
        """The process id of the server, which the demo started."""
        found: int | None = None

        async def look() -> bool:
            nonlocal found
            found = next((pid for pid, args in children(self.process.pid) if "serve" in args), None)
            return found is not None

        await eventually(look)
        assert found is not None
        return found

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run a command of ours against this demo: exit code and output."""
        return await run(*arguments, env={"CHAOSMONKEY_URL": self.url})

    async def ready(self) -> None:
        """Return when the server answers and sees the cluster."""

        async def look() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return (await self.client.get("/readyz")).status_code == 200
            return False

        await eventually(look)

    async def outage(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The newest outage, when it fulfils a condition."""
        newest: dict[str, Any] = {}

        async def look() -> bool:
            nonlocal newest
            outages = await self.get("/api/outages")
            newest = outages[0] if outages else {}
            return bool(newest) and condition(newest)

        await eventually(look, lambda: f"{newest}\n" + "\n".join(self.output[-30:]))
        return newest


async def eventually(
    look: Callable[[], Coroutine[Any, Any, bool]], why: Callable[[], str] = lambda: ""
) -> None:
    """Return when something is so; fail if it is not in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not await look():
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"it did not happen within {PATIENCE:g} s: {why()}")


async def run(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chaosmonkey", *arguments,
        stdout=PIPE, stderr=STDOUT, env=os.environ | (env or {}),  # noqa: TID251 - a child's
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


def children(pid: int) -> list[tuple[int, str]]:
    """(process id, command line) of the processes that one started."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            stat = (entry / "stat").read_text()
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append((int(entry.name), line))
    return found


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@contextlib.asynccontextmanager
async def started(data: Path, *, speed: float = SPEED, **options: object) -> AsyncIterator[Demo]:
    port, sim_port = free_ports()
    extra = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chaosmonkey", "demo", f"--port={port}", f"--sim-port={sim_port}",
        f"--speed={speed}", f"--data={data}", *extra, stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip
    client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE)
    demo = Demo(process, port, sim_port, data, client)

    async def read() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            demo.output.append(line.decode().rstrip())

    async with asyncio.TaskGroup() as tasks, client:
        reading = tasks.create_task(read())
        try:
            await demo.ready()
            yield demo
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(PATIENCE):
                    await process.wait()
            await reading


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    async with started(tmp_path / "data") as running:
        yield running
