"""Builds, wires, starts and stops everything. The first file to read.

    plugs ◄─ monkey ◄─ api ◄─ curl, pages            one task each; if one dies, all stop
    sensors ─┘ │ └──── panel ◄─ buttons
       cluster ┴► dispatch ─► tracker ─► recorder
                     └──────► board ─► hub ─► websockets
       presenter, phones ─► room ─► foyer ─┘

`rescue` has turned the plugs on before this module is even imported. Whatever else is broken then
(a kubeconfig, a torn panel, a port that another program has) is said and tried again, while all the
rest goes on. Whatever ends the server
(SIGTERM, SIGINT, a crash in any task), the plugs are restored before the process ends; what could
not be restored stands in the journal for the next start.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from chaosmonkey.access import Rates, Role, Sessions, Tokens
from chaosmonkey.api import Context, create_app
from chaosmonkey.api.addresses import join_url, own_names, own_url, reach
from chaosmonkey.api.middleware.authentication import Authenticator
from chaosmonkey.api.middleware.concurrency import RequestScheduler
from chaosmonkey.api.middleware.request_size import RequestSizeLimit
from chaosmonkey.api.transport.control_socket import ControlServer
from chaosmonkey.api.transport.listener import framed
from chaosmonkey.api.transport.server import PortTaken, WebServer
from chaosmonkey.audience import JoinCodes, Room, Seats
from chaosmonkey.clock import Heartbeat, SystemClock
from chaosmonkey.cluster import Client, ClusterWatch, Inspector
from chaosmonkey.config import Lab, supervision
from chaosmonkey.control.cut import GOODBYE
from chaosmonkey.control.failpoint import die_at
from chaosmonkey.control.monkey import Monkey
from chaosmonkey.dispatch import Dispatch
from chaosmonkey.errors import StoreFailed
from chaosmonkey.hub import AudiencePublisher, BoardPublisher, Hub, PhoneStream, Presence
from chaosmonkey.model import ClockStepped, Event, Tick
from chaosmonkey.outage.tracker import Tracker
from chaosmonkey.panel import Devices, Panel, open_devices
from chaosmonkey.preflight import PreflightContext, check_everything
from chaosmonkey.readiness import reasons_against
from chaosmonkey.rescue import Rescued, rescued
from chaosmonkey.sensors import SensorBoard, open_sensors
from chaosmonkey.startup_recovery import recover_previous_run
from chaosmonkey.store import (
    Audit,
    Journal,
    Recorder,
    Records,
    RoundRecorder,
    Rounds,
    Timebase,
    passing_key,
    secret_key,
)
from chaosmonkey.systemd import Supervisor

log = logging.getLogger(__name__)

LISTEN_EVERY = 2.0
"""Seconds after which a port that another program has, or an address that is not there yet, is
tried again."""

TICK = 1.0
"""Seconds between two reminders that time passes, for outages that end by nothing happening."""


class _Stopped(Exception):
    """The server was told to stop; it leaves the task group by this."""


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
        table: what stands on the table, its plugs on.
        announce: is told where the server is when it can be used, and once the presenter's token.
        stop: ends the server when it is set, as a signal does.

    Raises:
        StoreFailed: the data folder cannot be used.
        ExceptionGroup: a task died; the plugs were restored before.
    """
    lab, wires, pace = table.lab, table.wires, SystemClock()
    async with AsyncExitStack() as stack:
        things = _Things(
            sensors=stack.enter_context(open_sensors(lab, wires, table.clock, pace)),
            panel=stack.enter_context(open_devices(lab, wires, table.clock, pace)),
        )
        client = Client(lab.cluster)
        stack.push_async_callback(client.close)
        server = _Server(table, things, client)
        await server.run(announce, stop or asyncio.Event())


@dataclass(frozen=True, slots=True)
class _Things:
    """What stands on the table beside the plugs."""

    sensors: SensorBoard
    panel: Devices


class _Server:
    """Everything that lives as long as the server does."""

    def __init__(self, table: Rescued, things: _Things, client: Client) -> None:
        self._lab = lab = table.lab
        self._unusable = table.database.unusable
        self._wall = table.wall
        self._clock = clock = table.clock
        self._plugs = table.plugs
        database = table.database
        self._records = Records(database)
        self._recorder = Recorder(self._records, clock)
        self._tracker = Tracker(
            {machine.node_name: machine.name for machine in lab.machine}, began=clock.now()
        )
        self._hub = Hub(clock.now)
        self._journal = Journal(database)
        self._timebase = Timebase(lab.server.data, speed=lab.speed)
        self._watch = ClusterWatch(
            client, self._publish, lab.cluster, clock=clock, pace=SystemClock()
        )
        self._own: frozenset[str] = frozenset()
        self._look_at_own_names()
        self._monkey = Monkey(
            lab,
            plugs=table.plugs,
            journal=self._journal,
            tracker=self._tracker,
            publish=self._publish,
            changed=self._show_monkey,
            clock=clock,
            pace=SystemClock(),
            sensors=things.sensors,
            own=lambda: self._own,
            reached=die_at(lab.crash_at),
            restored=table.restored,
            unrestored=table.unrestored,
        )
        self._board = BoardPublisher(
            self._hub,
            lab,
            world=self._tracker.world,
            plugs=table.plugs,
            cuts=self._monkey.cuts,
            feed_monitor=self._monkey.feed_monitor,
            cooldown_until=self._monkey.cooldown_until,
            facts=self._monkey.facts,
            found_off=self._monkey.found_off,
        )
        key = self._key()
        self._client = client
        self._rounds = Rounds(database)
        self._round_recorder = RoundRecorder(self._rounds, clock)
        self._room = Room(
            lab,
            monkey=self._monkey,
            clock=clock,
            changed=self._show_room,
            keeper=self._round_recorder,
            codes=JoinCodes(key, lab.audience, SystemClock()),
        )
        self._heartbeat = Heartbeat(clock, SystemClock(), speed=lab.speed)
        self._dispatch = Dispatch(
            self._tracker,
            self._board,
            self._recorder,
            heartbeat=self._heartbeat,
            paused=self._room.paused,
            concluded=self._room.outage_has_outcome,
            changed=self._show_room,
        )
        self._presence = Presence(self._show_room)
        self._phones = PhoneStream(clock.now, framed)
        self._foyer = AudiencePublisher(
            self._hub,
            self._phones,
            lab,
            room=self._room,
            presence=self._presence,
            safety=lambda: self._monkey.safety,
            join_url=self._join_url,
        )
        self._audit = Audit(database, clock)
        self._panel = Panel(
            lab,
            things.panel,
            monkey=self._monkey,
            tracker=self._tracker,
            note=self._audit.note,
            clock=clock,
            pace=SystemClock(),
        )
        self._seats = Seats(key)
        self._tokens = Tokens(lab.server.data)
        self._sessions = Sessions(key, lab.server.data, self._wall)
        self._authenticator = Authenticator(
            self._tokens,
            self._sessions,
            Rates(SystemClock()),
            open_here=lab.server.open_here,
            given=lab.server.presenter_token,
        )
        self._supervisor = Supervisor(supervision(), SystemClock())
        self._port = lab.server.port

    async def run(self, announce: Callable[[str], None], stop: asyncio.Event) -> None:
        """Start everything, wait until told to stop, stop everything."""
        try:
            await self._take_up()
        except Exception:
            log.exception("What an earlier server kept cannot be taken up. All else goes on.")
        self._show_room()
        entrance = RequestSizeLimit(RequestScheduler(create_app(self._context())))
        web = WebServer(entrance, self._lab.server)
        control = ControlServer(entrance, self._lab.server.data)
        gc.freeze()  # what stays for ever need not be looked through with every phone's garbage
        started = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._supervisor.run(), name="signs of life")
                beating = self._heartbeat.run(self._dispatch.notice_pause)
                tasks.create_task(beating, name="heartbeat")
                tasks.create_task(self._recorder.run(), name="recorder")
                tasks.create_task(self._round_recorder.run(), name="recorder of rounds")
                tasks.create_task(self._audit.run(), name="audit log")
                monkey = tasks.create_task(self._monkey.run(started.set), name="monkey")
                await started.wait()
                tasks.create_task(self._watch.run(), name="cluster watch")
                tasks.create_task(self._panel.run(), name="panel")
                tasks.create_task(self._tick(), name="tick")
                serving = tasks.create_task(self._serve(web, announce), name="web server")
                tasks.create_task(control.run_until_told(), name="control socket")
                await stop.wait()
                log.info("Stopping: every plug is turned on first.")
                self._supervisor.stopping()
                monkey.cancel()
                web.should_exit = control.should_exit = True
                if not web.started:
                    serving.cancel()
                self._hub.close()
                self._phones.close()
                await asyncio.wait({monkey, serving}, timeout=GOODBYE + 5)
                raise _Stopped
        except* _Stopped:
            pass

    async def _take_up(self) -> None:
        stepped = await self._set_meanwhile()
        await recover_previous_run(
            self._records,
            board=self._board,
            interrupted=self._dispatch.interrupted,
            now=self._clock.now(),
            stepped=stepped,
        )
        self._tracker.know_ids(await self._records.ids())
        await self._room.resume(self._rounds, self._records.get, stepped=stepped)

    def _key(self) -> bytes:
        try:
            return secret_key(self._lab.server.data)
        except StoreFailed as error:
            log.error("%s Until then who signed in has to do so again after each start.", error)
            return passing_key()

    async def _serve(self, web: WebServer, announce: Callable[[str], None]) -> None:
        """Serve the pages as soon as their address is to be had; all else does not wait for it."""
        failing, pace = "", SystemClock()
        while True:
            try:
                await asyncio.to_thread(web.bind)
                break
            except PortTaken as error:
                if error.message != failing:
                    log.error(
                        "%s It is tried again every %g s; meanwhile there are no pages and no API, "
                        "but plugs are restored and the panel works.",
                        error,
                        LISTEN_EVERY,
                    )
                    say = self._supervisor.status if failing else self._supervisor.ready
                    say(f"restored; no pages: {error.message}")
                failing = error.message
            await pace.sleep(LISTEN_EVERY)
        self._port = web.port
        self._show_room()
        self._announce(announce)
        await web.run_until_told()

    def _context(self) -> Context:
        return Context(
            lab=self._lab,
            clock=self._clock,
            hub=self._hub,
            monkey=self._monkey,
            tracker=self._tracker,
            records=self._records,
            not_ready=self._not_ready,
            room=self._room,
            seats=self._seats,
            presence=self._presence,
            phones=self._phones,
            inspector=Inspector(self._client),
            authenticator=self._authenticator,
            audit=self._audit,
            join_url=self._join_url,
            preflight=lambda: check_everything(
                PreflightContext(
                    self._lab, self._plugs, self._monkey.feed_monitor, self._panel.troubles
                ),
                self._client,
                self._clock,
            ),
        )

    def _join_url(self) -> str:
        return join_url(self._lab.server, self._port)

    def _announce(self, announce: Callable[[str], None]) -> None:
        """Say where the server is, and how the presenter gets in."""
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
        presenters = [token for token in self._tokens.known() if token.role is Role.PRESENTER]
        if not presenters and not self._tokens.trouble:
            try:
                secret = self._tokens.make("presenter", Role.PRESENTER)
            except StoreFailed as error:
                log.error("No presenter's token can be made, so nobody can sign in: %s", error)
                return
            console = own_url(server, self._port) + "/console"
            announce(f"Present at {console}?token={secret} (this is told only once)")

    def _publish(self, event: Event) -> None:
        self._dispatch(event)

    def _show_monkey(self) -> None:
        self._board.show_machines()
        self._show_room()

    def _show_room(self) -> None:
        self._foyer.show()

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(TICK)
            self._look_at_own_names()
            self._correct_clock()
            self._dispatch(Tick(self._clock.now()))
            self._monkey.tick()
            self._room.tick()

    def _look_at_own_names(self) -> None:
        """Know this machine by the addresses that it has by now; a demo's machines are pretend."""
        if self._lab.demo is None:
            self._own = own_names(self._lab.limits)

    async def _set_meanwhile(self) -> float | None:
        """Take over by how much the clock was set since the run before this one, if that is known.

        Raises:
            StoreFailed: the journal cannot be written.
        """
        stepped = self._timebase.stepped(self._clock.offset)
        if stepped:
            log.warning("The system clock was set by %+.1f s since the last run.", stepped)
            now = self._clock.now()
            await self._journal.clock_stepped(stepped, now - stepped)
            self._sessions.clock_stepped(stepped / self._lab.speed)
        self._timebase.remember(self._clock.offset)
        return stepped

    def _correct_clock(self) -> None:
        """Follow the system clock if it was set, but not while a cut counts on it."""
        if self._monkey.cuts or not (by := self._wall.correct()):
            return
        log.warning("The system clock was set by %+.1f s. Measured times do not change.", by)
        self._sessions.clock_stepped(by)
        if self._clock is self._wall:
            self._timebase.remember(self._clock.offset)
            self._monkey.clock_stepped(by)
            self._room.clock_stepped(by)
            self._watch.clock_stepped(by)
            self._dispatch(ClockStepped(by, self._clock.now()))

    def _not_ready(self) -> list[str]:
        return reasons_against(
            world=self._tracker.world,
            panel=self._panel,
            tokens=self._tokens,
            monkey=self._monkey,
            plugs=self._plugs,
            unusable=self._unusable,
        )
