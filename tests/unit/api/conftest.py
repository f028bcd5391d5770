"""The real web server on a free port, with a real hub, store and monkey behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp

from chaosmonkey.access import Tokens
from chaosmonkey.api import create_app
from chaosmonkey.api.fast_path import server_entrance
from chaosmonkey.api.middleware.authentication import Authenticator
from chaosmonkey.api.transport.connection_limits import ConnectionLimits
from chaosmonkey.api.transport.server import WebServer
from chaosmonkey.audience import Room
from chaosmonkey.cluster import Client
from chaosmonkey.composition import Outside, compose
from chaosmonkey.config import Audience, Cluster, ServerSettings
from chaosmonkey.hub import Hub, PhoneStream, Presence
from chaosmonkey.panel import Devices
from chaosmonkey.store import Audit, Records, open_database
from tests.meant import MEANT
from tests.patience import PATIENCE, until
from tests.unit.control._table import LAB, Table

JOIN_URL = "http://10.0.0.2:8080/play"
NO_PANEL = Devices({}, {}, None, None, lambda: "")
ANYBODY = Audience(join_code="off")
"""No code is needed; tests of the code say so."""


@dataclass
class Site:
    """A running server and what stands behind it."""

    table: Table
    hub: Hub
    records: Records
    url: str
    client: httpx.AsyncClient
    room: Room
    phones: PhoneStream
    connection_limits: ConnectionLimits
    tokens: Tokens
    audit: Audit
    authenticator: Authenticator
    presence: Presence
    app: FastAPI
    entrance: ASGIApp

    def operations(self) -> list[tuple[str, str]]:
        """Method and path of everything that the API offers."""
        return [
            (method.upper(), path)
            for path, operations in self.app.openapi()["paths"].items()
            for method in operations
        ]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Bound to loopback: whoever asks from here is the presenter."""
    async with opened(tmp_path) as found:
        yield found


@pytest.fixture
async def public_site(tmp_path: Path) -> AsyncIterator[Site]:
    """As if it listened on the whole network: nobody is trusted for where they come from."""
    async with opened(tmp_path / "public", open_here=False) as found:
        yield found


@asynccontextmanager
async def opened(
    folder: Path,
    *,
    open_here: bool = True,
    audience: Audience = ANYBODY,
    server: ServerSettings = LAB.server,
) -> AsyncIterator[Site]:
    folder.mkdir(parents=True, exist_ok=True)
    server = server.model_copy(update={"data": folder, "always_ask": not open_here})
    lab = LAB.model_copy(update={"audience": audience, "server": server})
    table = Table()
    client = Client(Cluster(server="http://127.0.0.1:9"))
    async with open_database(folder, table.clock) as database:
        it = compose(
            Outside(
                lab=lab,
                plugs=table.plugs,
                sensors=table.sensors,
                devices=NO_PANEL,
                client=client,
                database=database,
                journal=table.journal,
                clock=table.clock,
                wall=table.clock,
                pace=table.clock,
                key=b"k" * 32,
                join_url=lambda: JOIN_URL,
            )
        )
        table.take(it)
        await it.room.resume(it.rounds, it.records.get)
        it.audience_publisher.show()
        app = create_app(it.context)
        entrance = server_entrance(app)
        settings = ServerSettings(port=0, public_url=server.public_url)
        web = WebServer(entrance, settings, phones=entrance)
        web.bind()
        url = f"http://127.0.0.1:{web.port}"
        async with (
            table.running(),
            asyncio.TaskGroup() as tasks,
            httpx.AsyncClient(base_url=url, timeout=PATIENCE, headers=MEANT) as browser,
        ):
            tasks.create_task(web.run_until_stopped())
            keeping = tasks.create_task(it.round_recorder.run())
            await until(lambda: web.started)
            writing = tasks.create_task(it.audit.run())
            recording = tasks.create_task(it.recorder.run())
            yield Site(
                table=table,
                hub=it.hub,
                records=it.records,
                url=url,
                client=browser,
                room=it.room,
                phones=it.phones,
                connection_limits=web.connection_limits,
                tokens=it.tokens,
                audit=it.audit,
                authenticator=it.context.authenticator,
                presence=it.presence,
                app=app,
                entrance=entrance,
            )
            for task in (writing, keeping, recording):
                task.cancel()
            it.hub.close()
            it.phones.close()
            web.should_exit = True
        await client.close()
