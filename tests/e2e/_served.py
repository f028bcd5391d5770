"""A server beside a simulator of its own, so that one can be killed without the other."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import httpx

from chaosmonkey.control.cut_stages import Step
from chaosmonkey.simcluster import DEMO_MACHINES, SimMachine
from tests.e2e.conftest import LONG, SPEED
from tests.meant import MEANT
from tests.patience import PATIENCE, eventually
from tests.ports import free_ports


@dataclass
class World:
    """A running simulator, which outlives every server."""

    port: int
    epoch: float

    async def dark(self) -> set[str]:
        """The feeds without power or network, such as "node3 power".

        It is asked twice: what a pin was told before the first time is heard before the second.
        """
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            for _ in range(2):
                bench = (await client.get(f"http://127.0.0.1:{self.port}/bench")).json()
        return {
            f"{name} {feed}"
            for name, machine in bench["machines"].items()
            for feed in ("power", "network")
            if not machine[feed]["live"]
        }


@contextlib.contextmanager
def world(*options: str) -> Iterator[World]:
    _, port = free_ports()
    epoch = time.time()  # noqa: TID251 - two processes are told one beginning
    with subprocess.Popen(
        [sys.executable, "-m", "chaosmonkey", "sim", f"--port={port}", f"--header-port={port + 1}",
         f"--speed={SPEED}", f"--epoch={epoch!r}", *options],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        told = process.stdout.readline()
        assert "Kubernetes" in told, told
        try:
            yield World(port, epoch)
        finally:
            process.terminate()


@dataclass
class Served:
    """A running server."""

    process: Process
    client: httpx.AsyncClient
    output: list[str] = field(default_factory=list)

    async def ready(self) -> None:
        async def look() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return (await self.client.get("/readyz")).status_code == 200
            return False

        await eventually(look, lambda: "\n".join(self.output))

    async def answers(self) -> None:
        async def look() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return (await self.client.get("/healthz")).status_code == 200
            return False

        await eventually(look, lambda: "\n".join(self.output))

    async def is_stopped(self) -> bool:
        """Whether the process is held by SIGSTOP."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    async def died(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


def server_of(of: World) -> str:
    return f'server = "http://127.0.0.1:{of.port}"'


@contextlib.asynccontextmanager
async def served(
    folder: Path,
    of: World,
    *,
    env: dict[str, str] | None = None,
    dies_at: Step | None = None,
    more: str = "",
    each: Callable[[SimMachine], str] = lambda _: "",
    power: Mapping[str, str] = MappingProxyType({}),
    cluster: str | None = None,
    port: int | None = None,
    speed: float = SPEED,
) -> AsyncIterator[Served]:
    """A server on the pretend table; it is told to end on the way out, if it has not ended.

    `more` goes before the machines in its lab.toml, `each` into every one of them; `power` is the
    plug of machines that do not hang on the bench, `cluster` what its lab.toml says of that.
    """
    port = port or free_ports()[0]
    config = folder / "lab.toml"

    def gpio(machine: SimMachine) -> str:
        return f'{{ driver = "gpio", pin = {machine.power.pin} }}'

    machines = "".join(
        f'[[machine]]\nname = "{machine.name}"\n'
        f"power = {power.get(machine.name) or gpio(machine)}\n"
        f'network = {{ driver = "gpio", pin = {machine.network.pin} }}\n{each(machine)}'
        for machine in DEMO_MACHINES
    )
    config.write_text(
        f"speed = {speed}\nepoch = {of.epoch!r}\n"
        f'[server]\nport = {port}\ndata = "{folder / "data"}"\n'
        f"[cluster]\n{cluster or server_of(of)}\n"
        f'[gpio]\npin_factory = "mock"\nheader = "127.0.0.1:{of.port + 1}"\n'
        f'[timing]\npreset = "stage"\n[limits]\nmax_off = 3\nmachine_cooldown = 0\ncooldown = 0\n'
        f"max_seconds = {LONG}\ndisarm_after = {LONG}\n"
        f"{more}{machines}"
    )
    program = ["chaosmonkey"] if dies_at is None else ["tests.e2e._dying", dies_at]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *program, "serve", f"--config={config}",
        stdout=PIPE, stderr=STDOUT, env=os.environ | (env or {}),  # noqa: TID251 - a child's
    )  # fmt: skip
    output: list[str] = []

    async def read() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            output.append(line.decode().rstrip())  # noqa: PERF401 - it is read while it grows

    client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, headers=MEANT)
    async with asyncio.TaskGroup() as tasks, client:
        reading = tasks.create_task(read())
        try:
            yield Served(process, client, output)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                async with asyncio.timeout(PATIENCE):
                    await process.wait()
            await reading
