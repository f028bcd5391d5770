"""The demo: a simulator and a server as two processes; the server is restarted when it dies.

    simulator (world, bench)  ◄── pins, list/watch ──  server ──► pages
         lives on                                        └─ died? restarted after a second

The simulator is a separate process, as a real cluster is: the server's crash does not reset it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import secrets
import shutil
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from chaosmonkey.api.addresses import server_url
from chaosmonkey.api.transport.server import PortTaken
from chaosmonkey.cli.children import RESTART_PAUSE, end, how_it_ended, start
from chaosmonkey.cli.demo_edges import DemoEdges
from chaosmonkey.clock import SystemClock
from chaosmonkey.config import ServerSettings
from chaosmonkey.errors import StoreFailed, Unavailable
from chaosmonkey.simcluster import DEMO_MACHINES, DEMO_PANEL, SimMachine
from chaosmonkey.store import Journal, hold_folder, open_database

log = logging.getLogger(__name__)

START_TIMEOUT = 90.0
"""Seconds within which the simulator must answer; on an emulated 32-bit ARM it took up to 29."""

SHORT_LIFE = 5.0
"""Seconds; a server that dies sooner three times in a row is not restarted."""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """One demo; `run` returns the exit code."""

    host: str
    port: int
    speed: float
    preset: str
    seed: int
    data: Path
    sim_port: int
    sensors: bool = True
    edges: int = 0

    @cached_property
    def _token(self) -> str | None:
        """The presenter's token of this demo; None if only this machine can reach it."""
        return (
            None
            if ServerSettings(host=self.host).here_only
            else f"demo_{secrets.token_urlsafe(24)}"
        )

    async def run(self) -> int:
        """Run until SIGINT or SIGTERM, or until something cannot be started."""
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        self._check_ports()
        await self._reset()
        edges = self._edges if self.edges else None
        if edges is not None:
            edges.prepare()
        epoch = SystemClock().now()
        config = self._write_config(epoch)
        simulator = await start(
            "sim", "--port", self.sim_port, "--header-port", self.sim_port + 1,
            "--speed", self.speed, "--preset", self.preset, "--seed", self.seed, "--epoch", epoch,
        )  # fmt: skip
        try:
            await self._wait_for(simulator)
            self._introduce()
            if edges is None:
                return await self._keep_serving(config, simulator, stop)
            async with edges.running():
                return await self._keep_serving(config, simulator, stop)
        finally:
            await end(simulator)

    async def _keep_serving(self, config: Path, simulator: Process, stop: asyncio.Event) -> int:
        clock = SystemClock()
        short_lives = 0
        while True:
            began = clock.now()
            server = await start("serve", "--config", config, token=self._token)
            try:
                await _first_of(server.wait(), simulator.wait(), stop.wait())
            finally:
                if stop.is_set() or server.returncode is None:
                    await end(server)
            code = server.returncode or 0
            if stop.is_set():
                # A server that is still starting has no signal handler yet, and nothing open.
                return 0 if code == -signal.SIGTERM else code
            if simulator.returncode is not None:
                log.error("The simulator ended (%s).", how_it_ended(simulator.returncode))
                return 1
            short_lives = short_lives + 1 if clock.now() - began < SHORT_LIFE else 0
            if code in (2, 4) or short_lives >= 3:
                return code or 1
            log.warning("The server ended (%s). Restarting it.", how_it_ended(code))
            await clock.sleep(RESTART_PAUSE)

    @cached_property
    def _edges(self) -> DemoEdges:
        ports = [port for _, port in self._edge_ports()]
        return DemoEdges(self.data, host=self.host, ports=ports[1:], nats_port=ports[0])

    def _edge_ports(self) -> list[tuple[str, int]]:
        """Return where NATS and the edges listen."""
        if not self.edges:
            return []
        edges = [(self.host, self.port + 1 + number) for number in range(self.edges)]
        return [("127.0.0.1", self.sim_port + 2), *edges]

    def _check_ports(self) -> None:
        """Check the ports before anything starts: another demo might answer on a taken one.

        Raises:
            PortTaken: another program is listening on one of them.
        """
        wanted = (
            (self.host, self.port, "--port 8090"),
            ("127.0.0.1", self.sim_port, "--sim-port 8101"),
            ("127.0.0.1", self.sim_port + 1, "--sim-port 8101"),
            *((host, port, "--port 8090") for host, port in self._edge_ports()),
        )
        for host, port, other in wanted:
            try:
                with _listening(host, port):
                    pass
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    continue  # the server has a better message
                raise PortTaken(
                    f"Another program listens on {host}:{port}.",
                    remedy=f"Stop it if it is another demo, or choose another port: {other}",
                ) from None

    async def _reset(self) -> None:
        """Clear HALT: every demo starts with new machines, and HALT applied to the old ones.

        Raises:
            StoreFailed: the data folder cannot be written, or another demo uses it.
        """
        with hold_folder(self.data):
            async with open_database(self.data, SystemClock()) as database:
                await Journal(database).note_release()

    def _write_config(self, epoch: float) -> Path:
        """Write the demo's lab.toml: the server reads it, and it serves as an example."""
        machines = "".join(_machine(it, sensors=self.sensors) for it in DEMO_MACHINES)
        text = (
            "# Written by `chaosmonkey demo`: simulated pins, wired to the simulator's bench.\n"
            f"speed = {self.speed!r}\nepoch = {epoch!r}\n\n"
            f'[server]\nhost = "{self.host}"\nport = {self.port}\ndata = "{self.data}"\n\n'
            f'[cluster]\nserver = "http://127.0.0.1:{self.sim_port}"\n\n'
            f'[gpio]\npin_factory = "mock"\nheader = "127.0.0.1:{self.sim_port + 1}"\n\n'
            f'[timing]\npreset = "{self.preset}"\n\n'
            + _PANEL
            + (self._edges.settings if self.edges else "")
            + f'[demo]\nbench = "http://127.0.0.1:{self.sim_port}"\n'
            + machines
        )
        path = self.data / "demo.toml"
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StoreFailed(
                f"Cannot write {path}: {error.strerror}.",
                remedy="Choose another folder with --data.",
            ) from None
        return path

    async def _wait_for(self, simulator: Process) -> None:
        """Return when the simulator answers."""
        clock = SystemClock()
        deadline = clock.now() + START_TIMEOUT
        async with httpx.AsyncClient() as client:
            while clock.now() < deadline:
                if simulator.returncode is not None:
                    raise Unavailable(
                        "The simulator did not start.",
                        remedy="Its message above says why. To use another port: --sim-port.",
                    )
                with contextlib.suppress(httpx.TransportError):
                    await client.get(f"http://127.0.0.1:{self.sim_port}/sim")
                    if simulator.returncode is None:
                        return
                await clock.sleep(0.05)
        raise Unavailable(
            "The simulator does not answer.",
            remedy="Check whether this machine is overloaded, then start the demo again.",
        )

    def _introduce(self) -> None:
        server = ServerSettings(host=self.host)
        here = f"http://{server.local_host}:{self.port}"
        url = here if self._token is None else server_url(server, self.port)
        key = f"?token={self._token}" if self._token else ""
        curl = f"curl -H 'Authorization: Bearer {self._token}'" if self._token else "curl"
        play = self._edges.join_url.removesuffix("/play") if self.edges else url
        command = _command_name()
        bench = "" if self.sim_port == 8001 else f" --sim-port {self.sim_port}"
        sys.stdout.write(
            f"\n{len(DEMO_MACHINES)} simulated machines, 30 pods, a simulated Kubernetes "
            f"(preset {self.preset}, speed {self.speed:g}).\n\n"
            f"  Watch        {url}/           (the stage)\n"
            f"  Present      {url}/console{key}    (? shows the keys)\n"
            f"  Play         {play}/j          (phones; the stage shows the code: key Q)\n"
            f"{self._edges.introduction if self.edges else ''}"
            f"  Cut power    {curl} {here}/kill/node3\n"
            f"  Cut network  {curl} '{here}/kill/node3?feed=network'\n"
            f"  Pull a cable {command} unplug node3{bench}     (the server has to notice)\n"
            f"  Press        {command} press node3{bench}      (the button on the panel)\n"
            f"  Look inside  kubectl -s http://127.0.0.1:{self.sim_port} get pods -A -o wide\n"
            "  Stop         Ctrl-C\n\n"
        )
        sys.stdout.flush()


_PANEL = (
    f"[panel]\nexpander = {DEMO_PANEL.expander}\ninterrupt = {DEMO_PANEL.interrupt}\n"
    f"halt = {DEMO_PANEL.halt}\nheartbeat = {DEMO_PANEL.heartbeat}\n\n"
)


def _machine(machine: SimMachine, *, sensors: bool) -> str:
    """Return the [[machine]] section of a demo machine, as it is wired on the bench."""
    sensor = f'power_sensor = {{ driver = "gpio", pin = {machine.rail} }}\n' if sensors else ""
    return (
        f'\n[[machine]]\nname = "{machine.name}"\n'
        f'power = {{ driver = "gpio", pin = {machine.power.pin} }}\n'
        f'network = {{ driver = "gpio", pin = {machine.network.pin} }}\n'
        f"{sensor}"
        f'button = "{DEMO_PANEL.buttons[machine.name]}"\n'
        f'led = "{DEMO_PANEL.leds[machine.name]}"\n'
    )


def _listening(host: str, port: int) -> socket.socket:
    """Create a listening socket; raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


async def _first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when the first of several coroutines is done."""
    async with asyncio.TaskGroup() as tasks:
        started = {tasks.create_task(wait) for wait in waits}
        await asyncio.wait(started, return_when=asyncio.FIRST_COMPLETED)
        for task in started:
            task.cancel()


def _command_name() -> str:
    """Return what to type to run this command from the current folder."""
    if shutil.which("chaosmonkey"):
        return "chaosmonkey"
    beside = Path(sys.executable).parent / "chaosmonkey"
    with contextlib.suppress(ValueError):
        return str(beside.relative_to(Path.cwd()))
    return str(beside)
