"""The simulator as a process: one world, its API server and its GPIO header.

run ─► a world with a past ─► ports ─► ready ─► serve ─► stop: streams end, ports close
                                         ▲──── away: streams break, refused, back ────┘
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn

from chaosmonkey.clock import ScaledClock
from chaosmonkey.errors import Unavailable
from chaosmonkey.simcluster.apiserver.faults import Faults
from chaosmonkey.simcluster.apiserver.server import ApiServer
from chaosmonkey.simcluster.apiserver.watches import Watches
from chaosmonkey.simcluster.bench.api import BenchApi
from chaosmonkey.simcluster.bench.header import Header
from chaosmonkey.simcluster.demo import shop
from chaosmonkey.simcluster.realtime import RealTime
from chaosmonkey.simcluster.settings import SimSettings
from chaosmonkey.simcluster.timing import preset
from chaosmonkey.simcluster.world import World

_SETTLE = 15.0
_BACKLOG = 2048


@dataclass(frozen=True)
class Ports:
    """The addresses of a running simulator."""

    host: str
    port: int
    header_port: int

    @property
    def url(self) -> str:
        """The API server's URL, for `kubectl --server`."""
        return f"http://{self.host}:{self.port}"


class SimPortTaken(Unavailable):
    """Another program listens on the simulator's port."""

    title = "Port taken"

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"The simulator cannot listen on {host}:{port}: the port is in use.",
            remedy="Stop the other program, or choose another port (0 picks a free one).",
            host=host,
            port=port,
        )


def demo_world(settings: SimSettings, now: float) -> World:
    """The demo's world at `now`, after `settings.past` simulated seconds."""
    timing = preset(settings.preset)
    world = World(
        timing=timing,
        seed=settings.seed,
        start=now - max(settings.past, 2 * _SETTLE),
        machines=settings.machines,
        panel=settings.panel,
        control_plane=settings.control_plane,
        persist=settings.persist_gpio_outputs,
        history=settings.history,
    )
    world.run_for(_SETTLE)
    world.apply(*shop(2 if settings.preset == "stage" else None))
    world.run_until(now)
    return world


async def run(
    settings: SimSettings,
    *,
    ready: Callable[[Ports], None] | None = None,
    stop: asyncio.Event,
) -> None:
    """Serve one simulated cluster until `stop` is set; then end every stream and close.

    Args:
        settings: the cluster, and the addresses to listen on.
        ready: called with the ports once clients can connect.
        stop: set it to end.

    Raises:
        SimPortTaken: one of the ports is in use.
    """
    clock = ScaledClock(settings.speed, start=settings.start)
    live = RealTime(demo_world(settings, clock.now()), clock)
    with _listen(settings.host, settings.port) as api, contextlib.ExitStack() as stack:
        header_socket = stack.enter_context(_listen(settings.host, settings.header_port))
        await _Simulator(settings, live, stop).serve(api, header_socket, ready)


class _Simulator:
    """The parts of a running simulator."""

    def __init__(self, settings: SimSettings, live: RealTime, stop: asyncio.Event) -> None:
        self._settings = settings
        self._live = live
        self._stop = stop
        self._away = 0.0
        self._leaving = asyncio.Event()
        self._watches = Watches(live)
        faults = Faults(live, self._watches, self._go_away)
        bench_api = BenchApi(live, settings, faults)
        self._app = ApiServer(live, self._watches, faults, bench_api)
        self._header = Header(live.world.bench, live.catch_up)

    def _go_away(self, seconds: float) -> None:
        self._away = seconds
        self._leaving.set()

    async def serve(
        self,
        api: socket.socket,
        header_socket: socket.socket,
        ready: Callable[[Ports], None] | None,
    ) -> None:
        ports = Ports(self._settings.host, api.getsockname()[1], header_socket.getsockname()[1])
        header = await asyncio.start_server(self._header.serve, sock=header_socket)
        async with asyncio.TaskGroup() as tasks, header:
            driving = tasks.create_task(self._live.drive(), name="simulated time")
            await self._until_stopped(api, ports, ready)
            driving.cancel()
            self._header.close()

    async def _until_stopped(
        self, api: socket.socket, ports: Ports, ready: Callable[[Ports], None] | None
    ) -> None:
        """Serve; stop and restart the server for each `away` fault."""
        while True:
            await self._serve_once(api, ports, ready)
            if self._stop.is_set():
                return
            self._leaving.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._away / self._live.clock.speed):
                    await self._stop.wait()
            if self._stop.is_set():
                return
            self._live.catch_up()
            self._live.world.api_back()
            ready = None
            api = _listen(ports.host, ports.port)

    async def _serve_once(
        self, api: socket.socket, ports: Ports, ready: Callable[[Ports], None] | None
    ) -> None:
        server = _Uvicorn(
            uvicorn.Config(
                self._app,
                lifespan="off",
                ws="none",
                log_config=None,
                log_level="critical",
                access_log=False,
                timeout_graceful_shutdown=2,
                backlog=_BACKLOG,
                server_header=False,
            )
        )
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(server.serve(sockets=[api]), name="API server")
            if ready:
                # The socket listens already: a client that connects now is served in a moment.
                ready(ports)
            stopping = tasks.create_task(self._stop.wait(), name="stop")
            leaving = tasks.create_task(self._leaving.wait(), name="away")
            await asyncio.wait((serving, stopping, leaving), return_when=asyncio.FIRST_COMPLETED)
            if self._stop.is_set():
                self._watches.end()
            else:
                self._live.catch_up()
                self._live.world.api_away()
                self._watches.abort()
                server.abort()
            server.should_exit = True
            stopping.cancel()
            leaving.cancel()


class _Uvicorn(uvicorn.Server):
    """A server that does not handle signals."""

    def abort(self) -> None:
        """Stop listening, and close every connection."""
        for listening in self.servers:
            listening.close()
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.close()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture no signals."""
        yield


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises SimPortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without an explicit protocol, asyncio leaves Nagle on, which delays levels by 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise SimPortTaken(host, port) from None
    return listener
