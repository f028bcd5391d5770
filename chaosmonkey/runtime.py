"""Starts and stops everything that `composition` builds. The first file to read.

`rescue` has turned the plugs on before this module is even imported. Anything else that is broken
(a kubeconfig, a disconnected panel, a port in use) is reported and retried while the rest runs.
However the server ends (SIGTERM, SIGINT, a crash in any task), the plugs are restored first; what
could not be restored is in the journal for the next start. Every part has one task; if one dies,
all stop.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from chaosmonkey.access import Role
from chaosmonkey.api import create_app
from chaosmonkey.api.addresses import join_url, own_names, reach, server_url
from chaosmonkey.api.edge_requests import table_link
from chaosmonkey.api.fast_path import server_entrance
from chaosmonkey.api.transport.control_socket import ControlServer
from chaosmonkey.api.transport.server import PortTaken, WebServer
from chaosmonkey.clock import SystemClock
from chaosmonkey.cluster import Client
from chaosmonkey.composition import Outside, compose
from chaosmonkey.config import Lab, supervision
from chaosmonkey.control.cut import GOODBYE
from chaosmonkey.errors import StoreFailed
from chaosmonkey.model import ClockStepped, Tick
from chaosmonkey.panel import Devices, open_devices
from chaosmonkey.rescue import Rescued, rescued
from chaosmonkey.sensors import SensorBoard, open_sensors
from chaosmonkey.startup_recovery import recover_previous_run
from chaosmonkey.store import (
    Timebase,
    passing_key,
    secret_key,
)
from chaosmonkey.systemd import Supervisor

log = logging.getLogger(__name__)

LISTEN_EVERY = 2.0
"""Seconds between retries of a port in use or of an address that does not exist yet."""

TICK = 1.0
"""Seconds between two ticks, for outages that end when nothing happens."""


class _Stopped(Exception):
    """Raised to leave the task group when the server should stop."""


async def serve(
    lab: Lab,
    *,
    announce: Callable[[str], None] = log.info,
    stop: asyncio.Event | None = None,
) -> None:
    """Rescue a lab's table and run its server; as `run`."""
    async with rescued(lab) as table:
        await run(table, announce=announce, stop=stop)


async def run(
    table: Rescued,
    *,
    announce: Callable[[str], None] = log.info,
    stop: asyncio.Event | None = None,
) -> None:
    """Run the server until SIGTERM or SIGINT.

    Args:
        table: the hardware, with its plugs turned on.
        announce: called with the server's address once it listens, and once with the presenter's
            token.
        stop: ends the server when it is set, as a signal does.

    Raises:
        StoreFailed: the data folder cannot be used.
        ExceptionGroup: a task died; the plugs were restored first.
    """
    lab, wires, pace = table.lab, table.wires, SystemClock()
    async with AsyncExitStack() as stack:
        sensors = stack.enter_context(open_sensors(lab, wires, table.clock, pace))
        devices = stack.enter_context(open_devices(lab, wires, table.clock, pace))
        client = Client(lab.cluster)
        stack.push_async_callback(client.close)
        server = _Server(table, sensors, devices, client)
        await server.run(announce, stop or asyncio.Event())


class _Server:
    """Everything that lives as long as the server, and the order of start and stop."""

    def __init__(
        self, table: Rescued, sensors: SensorBoard, devices: Devices, client: Client
    ) -> None:
        self._lab = lab = table.lab
        self._wall = table.wall
        self._clock = table.clock
        self._journal = table.journal
        self._timebase = Timebase(lab.server.data, speed=lab.speed)
        self._own_names: frozenset[str] = frozenset()
        self._refresh_own_names()
        self._port = lab.server.port
        self._supervisor = Supervisor(supervision(), SystemClock())
        self._it = compose(
            Outside(
                lab=lab,
                plugs=table.plugs,
                sensors=sensors,
                devices=devices,
                client=client,
                database=table.database,
                journal=self._journal,
                clock=table.clock,
                wall=table.wall,
                pace=SystemClock(),
                key=_key(lab.server.data),
                join_url=self._join_url,
                own_names=lambda: self._own_names,
                restored=table.restored,
                unrestored=table.unrestored,
            )
        )

    async def run(self, announce: Callable[[str], None], stop: asyncio.Event) -> None:
        """Start everything, wait for a signal or `stop`, stop everything."""
        try:
            await self._take_up()
        except Exception:
            log.exception("Cannot read what the previous server stored. Continuing without it.")
        self._it.audience_publisher.show()
        app = create_app(self._it.context)
        entrance = server_entrance(app)
        web = WebServer(entrance, self._lab.server, phones=entrance)
        control = ControlServer(entrance, self._lab.server.data)
        gc.freeze()  # permanent objects need not be scanned again for every phone's garbage
        started = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._supervisor.run(), name="signs of life")
                beating = self._it.heartbeat.run(self._it.dispatch.notice_pause)
                tasks.create_task(beating, name="heartbeat")
                tasks.create_task(self._it.recorder.run(), name="recorder")
                tasks.create_task(self._it.round_recorder.run(), name="recorder of rounds")
                tasks.create_task(self._it.audit.run(), name="audit log")
                monkey = tasks.create_task(self._it.monkey.run(started.set), name="monkey")
                await started.wait()
                tasks.create_task(self._it.watch.run(), name="cluster watch")
                tasks.create_task(self._it.panel.run(), name="panel")
                tasks.create_task(self._tick(), name="tick")
                serving = tasks.create_task(self._serve(web, announce), name="web server")
                tasks.create_task(control.run_until_stopped(), name="control socket")
                if (link := table_link(self._it.context, self._it.edges)) is not None:
                    tasks.create_task(link.run(), name="link to the edges")
                await stop.wait()
                log.info("Stopping: every plug is turned on first.")
                self._supervisor.stopping()
                monkey.cancel()
                web.should_exit = control.should_exit = True
                if not web.started:
                    serving.cancel()
                self._it.hub.close()
                self._it.phones.close()
                await asyncio.wait({monkey, serving}, timeout=GOODBYE + 5)
                raise _Stopped
        except* _Stopped:
            pass

    async def _take_up(self) -> None:
        """Take over what the previous process stored: its clock, its outages, its round."""
        it = self._it
        stepped = await self._follow_clock_step()
        await recover_previous_run(
            it.records,
            board=it.board,
            interrupted=it.ended_early.note,
            now=self._clock.now(),
            stepped=stepped,
        )
        it.tracker.know_ids(await it.records.ids())
        await it.room.resume(it.rounds, it.records.get, stepped=stepped)

    async def _serve(self, web: WebServer, announce: Callable[[str], None]) -> None:
        """Serve the pages as soon as the address is available; nothing else waits for it."""
        failing, pace = "", SystemClock()
        while True:
            try:
                await asyncio.to_thread(web.bind)
                break
            except PortTaken as error:
                if error.message != failing:
                    log.error(
                        "%s Retrying every %g s. Until then there are no pages and no API, but "
                        "plugs are restored and the panel works.",
                        error,
                        LISTEN_EVERY,
                    )
                    say = self._supervisor.status if failing else self._supervisor.ready
                    say(f"restored; no pages: {error.message}")
                failing = error.message
            await pace.sleep(LISTEN_EVERY)
        self._port = web.port
        self._it.audience_publisher.show()
        self._announce(announce)
        await web.run_until_stopped()

    def _join_url(self) -> str:
        if self._lab.scale is not None and self._lab.scale.join_url:
            return self._lab.scale.join_url
        return join_url(self._lab.server, self._port)

    def _announce(self, announce: Callable[[str], None]) -> None:
        """Announce the server's address, and how the presenter signs in."""
        server = self._lab.server
        url = f"http://{server.local_host}:{self._port}/"
        self._supervisor.ready(f"listening on {url}")
        announce(f"Listening on {url}")
        found = reach(server)
        if found.trouble:
            log.warning("%s", found.trouble)
        elif not server.here_only or server.public_url:
            announce(f"Phones join at {self._join_url()} ({found.why}).")
        if server.open_here or server.presenter_token:
            return
        presenters = [token for token in self._it.tokens.known() if token.role is Role.PRESENTER]
        if not presenters and not self._it.tokens.trouble:
            try:
                secret = self._it.tokens.make("presenter", Role.PRESENTER)
            except StoreFailed as error:
                log.error("Cannot create a presenter token, so signing in is impossible: %s", error)
                return
            console = server_url(server, self._port) + "/console"
            announce(f"Present at {console}?token={secret} (shown only once)")

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(TICK)
            self._refresh_own_names()
            self._correct_clock()
            self._it.events.publish(Tick(self._clock.now()))
            self._it.monkey.tick()
            self._it.room.tick()

    def _refresh_own_names(self) -> None:
        """Look up this machine's names and addresses again; a demo's machines are pretend."""
        if self._lab.demo is None:
            self._own_names = own_names(self._lab.limits)

    async def _follow_clock_step(self) -> float | None:
        """Shift what was stored by as much as the clock was set since the previous run.

        Returns:
            Seconds of the step; None if unknown.

        Raises:
            StoreFailed: the journal cannot be written.
        """
        stepped = self._timebase.stepped(self._clock.offset)
        if stepped:
            log.warning("The system clock was set by %+.1f s since the last run.", stepped)
            now = self._clock.now()
            await self._journal.clock_stepped(stepped, now - stepped)
            self._it.sessions.clock_stepped(stepped / self._lab.speed)
        self._timebase.remember(self._clock.offset)
        return stepped

    def _correct_clock(self) -> None:
        """Follow the system clock if it was set, but not during a cut."""
        if self._it.monkey.cuts or not (by := self._wall.correct()):
            return
        log.warning("The system clock was set by %+.1f s. Measured times do not change.", by)
        self._it.sessions.clock_stepped(by)
        if self._clock is self._wall:
            self._timebase.remember(self._clock.offset)
            self._it.events.publish(ClockStepped(by, self._clock.now()))


def _key(folder: Path) -> bytes:
    try:
        return secret_key(folder)
    except StoreFailed as error:
        log.error("%s Until that is fixed, everyone must sign in again after each start.", error)
        return passing_key()
