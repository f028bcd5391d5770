"""Both ends of a server under test: an API server that it watches, and the header of its pins.

Both live in the measuring process, so that a moment here and a moment there are of one clock.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import orjson
from aiohttp import web

from chaosmonkey.cluster.resources import WATCHED
from tests.meant import MEANT
from tests.patience import PATIENCE

LONGEST = 3600
"""Seconds that a watch stays open: longer than any measurement."""

BOOKMARKS = 30
"""Seconds between two signs that a watch is alive; an API server sends one about every minute."""

PINS = {"node1": 17, "node2": 27, "node3": 22, "node4": 23, "node5": 24}


class Header:
    """Takes the lines of pretend pins and notes when each came; its inputs are high at first."""

    def __init__(self) -> None:
        self.edges: dict[tuple[int, str], float] = {}
        self.came = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None

    async def serve(self) -> asyncio.Server:
        return await asyncio.start_server(self._take, "127.0.0.1", 0)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        with contextlib.suppress(ConnectionError):  # the server ended
            while line := await reader.readline():
                now = time.perf_counter()
                _, pin, level = line.decode().strip().split(" ", 2)
                self.edges[int(pin), level] = now
                self.came.set()
                if level.startswith("in"):
                    self.drive(int(pin), 1)
        writer.close()

    def drive(self, pin: int, level: int) -> None:
        """Give an input a level."""
        assert self._writer is not None
        if not self._writer.is_closing():
            self._writer.write(b"pin %d %d\n" % (pin, level))


class ApiServer:
    """Serves the lists of a simulated cluster and, on its watches, what a measurement writes."""

    def __init__(self, objects: dict[str, list[dict[str, Any]]]) -> None:
        self.objects = objects
        self.version = 10_000_000
        self._watches: dict[str, list[web.StreamResponse]] = {}

    async def serve(self) -> tuple[web.AppRunner, int]:
        """Begin to serve on a free port, which is returned with what ends it."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner, runner.addresses[0][1]

    async def write(self, resource: str, changed: dict[str, Any]) -> float:
        """Write a MODIFIED event to the watches of a resource; return the moment after it."""
        self.version += 1
        changed["metadata"]["resourceVersion"] = str(self.version)
        line = orjson.dumps({"type": "MODIFIED", "object": changed}) + b"\n"
        for watch in list(self._watches.get(resource, ())):
            try:
                await watch.write(line)
            except ConnectionResetError:  # a client that heard nothing for long opens another
                self._watches[resource].remove(watch)
        return time.perf_counter()

    def _bookmark(self) -> bytes:
        """Without these the server presumes that a watch is dead, and cuts nothing meanwhile."""
        found = {"kind": "Bookmark", "metadata": {"resourceVersion": str(self.version)}}
        return orjson.dumps({"type": "BOOKMARK", "object": found}) + b"\n"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        resource = request.path.rpartition("/")[2]
        if resource == "readyz":
            return web.Response(text="ok")
        if resource not in self.objects:
            return web.json_response({"kind": "Status", "code": 404}, status=404)
        if request.query.get("watch"):
            response = web.StreamResponse()
            await response.prepare(request)
            self._watches.setdefault(resource, []).append(response)
            with contextlib.suppress(ConnectionResetError):
                for _ in range(int(LONGEST / BOOKMARKS)):
                    await asyncio.sleep(BOOKMARKS)
                    await response.write(self._bookmark())
            return response
        body = {
            "kind": "List",
            "metadata": {"resourceVersion": str(self.version)},
            "items": self.objects[resource],
        }
        return web.Response(body=orjson.dumps(body), content_type="application/json")


async def simulated_objects() -> dict[str, list[dict[str, Any]]]:
    """Everything in the demo's world that is watched, by resource: 5 workers and 30 pods."""
    objects = {}
    async with simulator() as (_, url), httpx.AsyncClient(base_url=url, timeout=PATIENCE) as client:
        for resource in WATCHED:
            items = (await client.get(resource.path())).json()["items"]
            objects[resource.name] = items
    return objects


@contextlib.asynccontextmanager
async def simulator(port: int = 0, header_port: int = 0) -> AsyncIterator[tuple[int, str]]:
    """A simulator of its own: process id and URL; 0 takes free ports."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chaosmonkey", "sim", f"--port={port}",
        f"--header-port={header_port}", stdout=PIPE, stderr=DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        told = (await process.stdout.readline()).decode()
        yield process.pid, told.split(" at ")[1].split(",")[0]
    finally:
        process.terminate()
        await process.wait()


@contextlib.asynccontextmanager
async def server(
    folder: Path,
    *,
    api: str,
    header_port: int,
    port: int,
    speed: float = 1.0,
    epoch: float | None = None,
    rails: Mapping[str, int] = MappingProxyType({}),
    more: str = "",
) -> AsyncIterator[Process]:
    """A server under test, as a process of its own.

    `rails` are the lines that sense the machines' power; `more` is added to its settings.
    """
    machines = "".join(
        f'[[machine]]\nname = "{name}"\npower = {{ driver = "gpio", pin = {pin} }}\n'
        + f'power_sensor = {{ driver = "gpio", pin = {rails.get(name)} }}\n' * (name in rails)
        for name, pin in PINS.items()
    )
    began = "" if epoch is None else f"epoch = {epoch!r}\n"
    config = folder / "lab.toml"
    config.write_text(
        f'speed = {speed}\n{began}[server]\nport = {port}\ndata = "{folder / "data"}"\n'
        f'[cluster]\nserver = "{api}"\n'
        f'[gpio]\npin_factory = "mock"\nheader = "127.0.0.1:{header_port}"\n'
        f'[timing]\npreset = "stage"\n[limits]\nmax_off = 5\nmin_ready = 0\n'
        f"cooldown = 0\nmachine_cooldown = 0\nrestore_stagger = 0\n{machines}{more}"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chaosmonkey", "serve", f"--config={config}",
        stdout=DEVNULL, stderr=DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@dataclass(frozen=True)
class Rig:
    """A server under test, with both of its ends and a client."""

    api: ApiServer
    header: Header
    process: Process
    client: httpx.AsyncClient
    folder: Path


@contextlib.asynccontextmanager
async def rig(
    objects: dict[str, list[dict[str, Any]]], *, port: int, **settings: Any
) -> AsyncIterator[Rig]:
    """A server that is ready, at an API server with these objects; `settings` as for `server`."""
    api, header = ApiServer(objects), Header()
    runner, api_port = await api.serve()
    pins = await header.serve()
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with (
                server(
                    Path(folder),
                    api=f"http://127.0.0.1:{api_port}",
                    header_port=pins.sockets[0].getsockname()[1],
                    port=port,
                    **settings,
                ) as process,
                httpx.AsyncClient(
                    base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, headers=MEANT
                ) as client,
            ):
                await _ready(client)
                yield Rig(api, header, process, client, Path(folder))
    finally:
        pins.close()
        await runner.cleanup()


async def _ready(client: httpx.AsyncClient) -> None:
    """Return when a server answers and sees its cluster."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get("/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Milliseconds: median, 99th percentile, and the largest."""
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    return {
        "n": len(ordered),
        "p50_ms": round(at(0.5) * 1000, 2),
        "p99_ms": round(at(0.99) * 1000, 2),
        "max_ms": round(ordered[-1] * 1000, 2),
    }
