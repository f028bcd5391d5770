"""Builds, wires, starts and stops everything. The first file to read.

    plugs ◄─ monkey ◄─ api ◄─ curl, pages            one task each; if one dies, all stop
       cluster ─► dispatch ─► tracker ─► recorder
                     └──────► board ─► hub ─► websockets
       presenter, phones ─► room ─► foyer ─┘

Whatever ends the server (SIGTERM, SIGINT, a crash in any task), the plugs are restored before the
process ends; what could not be restored stands in the journal for the next start.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace

from chaosmonkey.api import Context, create_app
from chaosmonkey.api.address import join_url
from chaosmonkey.api.sockets import framed
from chaosmonkey.api.web import WebServer
from chaosmonkey.audience import JoinCodes, Room, Seats
from chaosmonkey.clock import Clock, ScaledClock, SystemClock
from chaosmonkey.cluster import Client, ClusterWatch, Inspector
from chaosmonkey.config import Lab
from chaosmonkey.hub import Board, Foyer, Hub, PlayStream, Presence
from chaosmonkey.model import Event, Outage, PlugRestored, Tick
from chaosmonkey.outage.cut import GOODBYE
from chaosmonkey.outage.monkey import Monkey
from chaosmonkey.outage.narrate import news
from chaosmonkey.outage.recovery import outcome
from chaosmonkey.outage.tracker import Tracker
from chaosmonkey.plugs import PlugBoard, open_plugs
from chaosmonkey.store import (
    Database,
    Journal,
    Recorder,
    Records,
    RoundRecorder,
    Rounds,
    open_database,
    secret_key,
)

log = logging.getLogger(__name__)
story_log = logging.getLogger("chaosmonkey.story")

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
    """Run the server until SIGTERM or SIGINT.

    Args:
        lab: the settings.
        announce: is told the server's URL when it can be used.
        stop: ends the server when it is set, as a signal does.

    Raises:
        ChaosMonkeyError: it could not start: a port, folder, device or kubeconfig is unusable.
        ExceptionGroup: a task died; the plugs were restored before.
    """
    clock: Clock = SystemClock() if lab.speed == 1 else ScaledClock(lab.speed, start=lab.epoch)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(lab.server.data, clock))
        plugs = await stack.enter_async_context(open_plugs(lab, clock))
        client = Client(lab.cluster)
        stack.push_async_callback(client.close)
        await client.open()
        await _Server(lab, clock, database, plugs, client).run(announce, stop or asyncio.Event())


class _Server:
    """Everything that lives as long as the server does."""

    def __init__(
        self, lab: Lab, clock: Clock, database: Database, plugs: PlugBoard, client: Client
    ) -> None:
        self._lab = lab
        self._clock = clock
        self._plugs = plugs
        self._records = Records(database)
        self._recorder = Recorder(self._records, clock)
        self._tracker = Tracker({machine.node_name: machine.name for machine in lab.machine})
        self._told: dict[str, Outage] = {}
        self._interrupted: dict[str, Outage] = {}
        self._hub = Hub(clock.now)
        self._watch = ClusterWatch(
            client, self.dispatch, lab.cluster, clock=clock, pace=SystemClock()
        )
        self._monkey = Monkey(
            lab,
            plugs=plugs,
            journal=Journal(database),
            tracker=self._tracker,
            publish=self.dispatch,
            changed=self._show_machines,
            clock=clock,
        )
        self._board = Board(
            self._hub, lab, world=self._tracker.world, plugs=plugs, cuts=self._monkey.cuts
        )
        self._database = database
        self._client = client
        self._rounds = Rounds(database)
        self._round_recorder = RoundRecorder(self._rounds, clock)
        self._room = Room(
            lab,
            monkey=self._monkey,
            clock=clock,
            changed=self._show_room,
            keeper=self._round_recorder,
            codes=JoinCodes(secret_key(lab.server.data), lab.audience, SystemClock()),
        )
        self._presence = Presence(self._show_room)
        self._phones = PlayStream(clock.now, framed)
        self._foyer = Foyer(
            self._hub,
            self._phones,
            lab,
            room=self._room,
            presence=self._presence,
            join_url=self._join_url,
        )
        self._port = lab.server.port

    async def run(self, announce: Callable[[str], None], stop: asyncio.Event) -> None:
        """Start everything, wait until told to stop, stop everything."""
        await self._take_up_the_past()
        self._show_room()
        web = WebServer(create_app(self._context()), self._lab.server)
        self._port = web.port
        started = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._recorder.run(), name="recorder")
                tasks.create_task(self._round_recorder.run(), name="recorder of rounds")
                monkey = tasks.create_task(self._monkey.run(started.set), name="monkey")
                await started.wait()
                tasks.create_task(self._watch.run(), name="cluster watch")
                tasks.create_task(self._tick(), name="tick")
                serving = tasks.create_task(web.run_until_told(), name="web server")
                announce(f"http://{self._lab.server.local_host}:{web.port}/")
                await stop.wait()
                log.info("Stopping: every plug is turned on first.")
                monkey.cancel()
                web.should_exit = True
                self._hub.close()
                self._phones.close()
                await asyncio.wait({monkey, serving}, timeout=GOODBYE + 5)
                raise _Stopped
        except* _Stopped:
            pass

    def dispatch(self, event: Event) -> None:
        """Take an event through every room, in order. Never waits."""
        changed = self._tracker.handle(event)
        self._board.after(event)
        for outage in changed:
            self._recorder.keep(outage)
            self._board.show_outage(outage)
            self._tell(outage)
            if outcome(outage) is not None:
                self._room.outage_has_outcome(outage)
        if changed:
            self._show_room()
        if isinstance(event, PlugRestored) and event.machine in self._interrupted:
            outage = replace(self._interrupted.pop(event.machine), restored=event.at)
            self._recorder.keep(outage)
            self._board.show_outage(outage)
            self._tell(outage)

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
            seats=Seats(secret_key(self._lab.server.data)),
            presence=self._presence,
            phones=self._phones,
            inspector=Inspector(self._client),
            join_url=self._join_url,
        )

    def _join_url(self) -> str:
        return join_url(self._lab.server, self._port)

    def _show_machines(self) -> None:
        self._board.show_machines()

    def _show_room(self) -> None:
        self._foyer.show()

    def _tell(self, outage: Outage) -> None:
        """Write to the log what is new in an outage's story."""
        for line in news(self._told.get(outage.id), outage):
            story_log.info("%s %+7.1f s  %s", outage.machine, line.at, line.text)
        if outage.closed is None:
            self._told[outage.id] = outage
        else:
            self._told.pop(outage.id, None)

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(TICK)
            self.dispatch(Tick(self._clock.now()))
            self._room.tick()

    async def _take_up_the_past(self) -> None:
        """End what a crash left open, and show the latest outages."""
        if self._database.set_aside is not None:
            log.warning("The journal was lost: every plug is turned on.")
            for plug in self._plugs.values():
                await plug.switch(on=True)
        for outage in await self._records.unfinished():
            ended = replace(
                outage,
                closed=self._clock.now(),
                interrupted="the server ended meanwhile and did not see what followed",
            )
            await self._records.save(ended)
            self._interrupted[ended.machine] = ended
        for outage in reversed(await self._records.latest(20)):
            self._board.show_outage(outage)
        await self._room.resume(self._rounds, self._records.get)

    def _not_ready(self) -> list[str]:
        stale = self._tracker.world.stale
        reasons = [f"The cluster is not seen: {stale.why}."] if stale is not None else []
        return reasons + [
            f"{cut.entry.machine}'s {cut.entry.feed} is stuck: {cut.trouble}"
            for cut in self._monkey.cuts.values()
            if cut.trouble
        ]
