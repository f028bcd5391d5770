"""The real web server on a free port, with a real hub, store and monkey behind it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from chaosmonkey.api import Context, create_app
from chaosmonkey.api.crowd import Crowd
from chaosmonkey.api.sockets import framed
from chaosmonkey.api.web import WebServer
from chaosmonkey.audience import Room, Seats
from chaosmonkey.cluster import Client, Inspector
from chaosmonkey.config import Cluster, Server
from chaosmonkey.hub import Board, Foyer, Hub, PlayStream, Presence
from chaosmonkey.model import Event
from chaosmonkey.store import Records, open_database
from tests.unit.outage._table import LAB, Table

JOIN_URL = "http://10.0.0.2:8080/play"


@dataclass
class Site:
    """A running server and what stands behind it."""

    table: Table
    hub: Hub
    records: Records
    url: str
    client: httpx.AsyncClient
    room: Room
    phones: PlayStream
    crowd: Crowd


async def until(condition: Callable[[], bool]) -> None:
    """Return when something that happens in another task has happened; give up after 2 s."""
    async with asyncio.timeout(2):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    table = Table()
    hub = Hub(table.clock.now)
    board = Board(hub, LAB, world=table.tracker.world, plugs=table.plugs, cuts=table.monkey.cuts)

    def dispatch(event: Event) -> None:
        for outage in table.tracker.handle(event):
            board.show_outage(outage)
        board.after(event)

    table.publish = dispatch  # what the runtime wires
    table.changed = board.show_machines
    async with open_database(tmp_path, table.clock) as database, table.running():
        records = Records(database)
        room = Room(LAB, monkey=table.monkey, clock=table.clock, changed=lambda: foyer.show())
        presence, phones = Presence(lambda: foyer.show()), PlayStream(table.clock.now, framed)
        client = Client(Cluster(server="http://127.0.0.1:9"))
        foyer = Foyer(
            hub,
            phones,
            LAB,
            room=room,
            presence=presence,
            world=table.tracker.world,
            join_url=lambda: JOIN_URL,
        )
        foyer.show()
        context = Context(
            lab=LAB,
            clock=table.clock,
            hub=hub,
            monkey=table.monkey,
            tracker=table.tracker,
            records=records,
            not_ready=list,
            room=room,
            seats=Seats(b"k" * 32),
            presence=presence,
            phones=phones,
            inspector=Inspector(client),
            join_url=lambda: JOIN_URL,
        )
        server = WebServer(create_app(context), Server(port=0))
        url = f"http://127.0.0.1:{server.port}"
        async with asyncio.TaskGroup() as tasks, httpx.AsyncClient(base_url=url) as browser:
            tasks.create_task(server.run_until_told())
            await until(lambda: server.started)
            yield Site(table, hub, records, url, browser, room, phones, server.crowd)
            hub.close()
            phones.close()
            server.should_exit = True
        await client.close()
