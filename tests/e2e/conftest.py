"""The demo as a person starts it: real processes, ports and signals, time 20 times as fast."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from tests.meant import MEANT
from tests.patience import PATIENCE, eventually
from tests.ports import free_ports

SPEED = 20.0

LONG = 100_000
"""Seconds of a demo's time, more than a test takes: what it cuts is off until it is restored."""

UNHURRIED = {
    "CHAOSMONKEY_LIMITS__MAX_SECONDS": str(LONG),
    "CHAOSMONKEY_LIMITS__DISARM_AFTER": str(LONG),
}
"""A test that takes its time finds the table armed all the same."""


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
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            answer = await client.get(f"http://127.0.0.1:{self.sim_port}/bench")
        return cast("dict[str, Any]", answer.json())

    async def is_live(self, machine: str, feed: str = "power") -> bool:
        return bool((await self.bench())["machines"][machine][feed]["live"])

    async def fault(self, kind: str, **values: float) -> None:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
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
    """A demo of its own, live; options are those of the command."""
    port, sim_port = free_ports()
    if "edges" in options:
        sim_port, _ = free_ports()  # the edges listen next to the pages
    extra = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chaosmonkey", "demo", f"--port={port}", f"--sim-port={sim_port}",
        f"--speed={speed}", f"--data={data}", *extra, stdout=PIPE, stderr=STDOUT,
        env=os.environ | UNHURRIED,  # noqa: TID251 - a child's
    )  # fmt: skip
    client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, headers=MEANT)
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
