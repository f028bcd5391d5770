"""Start and stop an edge. It keeps nothing on its disk and changes nothing at the table."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable
from dataclasses import replace

from chaosmonkey.access import Rates
from chaosmonkey.api.fast_path import Entrance, FastPath
from chaosmonkey.api.routes.login import CONSOLE
from chaosmonkey.api.routes.pages import read_static_files
from chaosmonkey.api.transport.client_limits import framed
from chaosmonkey.api.transport.connection_limits import Capacity
from chaosmonkey.api.transport.server import WebServer
from chaosmonkey.clock import SystemClock
from chaosmonkey.config import EdgeSettings
from chaosmonkey.edge.app import create_edge_app
from chaosmonkey.edge.backend import EdgeBackend
from chaosmonkey.edge.edge_link import EdgeLink
from chaosmonkey.edge.outbox import Outbox
from chaosmonkey.edge.table_copy import TableCopy
from chaosmonkey.edge.table_time import TableTime
from chaosmonkey.hub import Hub, PhoneStream, Presence
from chaosmonkey.scale import Subjects

log = logging.getLogger(__name__)

TICK = 1.0
"""Real seconds between two ticks, for what happens when no message comes."""

PAUSE = 0.05
"""Minimum seconds between two messages to phones; the server has spaced them already."""

CAPACITY = Capacity(
    most=12_000, most_from_one=4000, most_listening=11_000, most_listening_from_one=3000
)
"""An edge has nothing else to do than to serve phones."""


class _EdgeStopped(Exception):
    """Raised to leave the task group when the edge should stop."""


async def serve_edge(
    settings: EdgeSettings,
    *,
    announce: Callable[[str], None] = log.info,
    stop: asyncio.Event | None = None,
) -> None:
    """Run an edge until SIGTERM, SIGINT or `stop`.

    Raises:
        PortTaken: its port is in use.
    """
    pace, refresh = SystemClock(), asyncio.Event()
    stop = stop or asyncio.Event()
    presence = Presence(lambda: None, lambda: None)
    time = TableTime(pace, SystemClock())
    phones, hub = PhoneStream(time.now, framed, pause=PAUSE), Hub(time.now)
    table = TableCopy(time, phones, hub, refresh.set)
    subjects = Subjects(settings.nats.table)
    outbox = Outbox(settings.name, subjects.requests(settings.name), pace)
    backend = EdgeBackend(table, outbox, rates=Rates(pace), presence=presence, phones=phones)
    link = EdgeLink(settings, table, outbox, counts=presence, pace=pace, refresh=refresh)

    def not_ready() -> list[str]:
        if backend.ready:
            return []
        return [f"no connection to NATS: {link.why}"] if link.why else ["the table was never seen"]

    static = read_static_files()
    files = {path: file for path, file in static.items() if path != CONSOLE}
    app = create_edge_app(settings, backend, hub, files=files, not_ready=not_ready)
    entrance = Entrance(FastPath(app, settings.server, files=files, backend=backend))
    web = WebServer(
        entrance,
        settings.server,
        phones=entrance,
        capacity=replace(CAPACITY, proxies=settings.server.networks),
    )
    await asyncio.to_thread(web.bind)
    gc.freeze()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    async def tick() -> None:
        while True:
            table.tick()
            outbox.sweep(linked=table.lost_at is None)
            await pace.sleep(TICK)

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(link.run(), name="link to the table")
            tasks.create_task(tick(), name="tick")
            serving = tasks.create_task(web.run_until_stopped(), name="web server")
            announce(f"Edge {settings.name} on http://{settings.server.local_host}:{web.port}/play")
            await stop.wait()
            web.should_exit = True
            hub.close()
            phones.close()
            await asyncio.wait({serving}, timeout=10)
            raise _EdgeStopped
    except* _EdgeStopped:
        pass
