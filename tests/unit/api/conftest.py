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

from chaosmonkey.access import Rates, Sessions, Tokens
from chaosmonkey.api import Context, create_app
from chaosmonkey.api.middleware.authentication import Authenticator
from chaosmonkey.api.middleware.concurrency import RequestScheduler
from chaosmonkey.api.middleware.request_size import RequestSizeLimit
from chaosmonkey.api.transport.connection_limits import ConnectionLimits
from chaosmonkey.api.transport.listener import framed
from chaosmonkey.api.transport.server import WebServer
from chaosmonkey.audience import JoinCodes, Room, Seats
from chaosmonkey.cluster import Client, Inspector
from chaosmonkey.config import Audience, Cluster, ServerSettings
from chaosmonkey.hub import AudiencePublisher, BoardPublisher, Hub, PhoneStream, Presence
from chaosmonkey.model import Event
from chaosmonkey.outage.recovery import outcome
from chaosmonkey.preflight import PreflightContext as Preflighted
from chaosmonkey.preflight import check_everything
from chaosmonkey.store import Audit, Records, RoundRecorder, Rounds, open_database
from tests.patience import PATIENCE, until
from tests.unit.control._table import LAB, Table

JOIN_URL = "http://10.0.0.2:8080/play"
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
    lab = LAB.model_copy(update={"audience": audience, "server": server})
    table = Table()
    hub = Hub(table.clock.now)
    board = BoardPublisher(
        hub,
        LAB,
        world=table.tracker.world,
        plugs=table.plugs,
        cuts=table.monkey.cuts,
        feed_monitor=table.monkey.feed_monitor,
        cooldown_until=table.monkey.cooldown_until,
        facts=table.monkey.facts,
    )

    def dispatch(event: Event) -> None:
        for outage in table.tracker.handle(event):
            board.show_outage(outage)
            if outcome(outage) is not None:
                room.outage_has_outcome(outage)
        board.after(event)

    table.publish = dispatch  # what the runtime wires
    table.changed = board.show_machines
    folder.mkdir(parents=True, exist_ok=True)
    async with open_database(folder, table.clock) as database, table.running():
        records = Records(database)
        kept = Rounds(database)
        recorder = RoundRecorder(kept, table.clock)
        codes = JoinCodes(b"k" * 32, lab.audience, table.clock)
        room = Room(
            lab,
            monkey=table.monkey,
            clock=table.clock,
            changed=lambda: audience_publisher.show(),
            keeper=recorder,
            codes=codes,
        )
        presence, phones = (
            Presence(lambda: audience_publisher.show()),
            PhoneStream(table.clock.now, framed),
        )
        client = Client(Cluster(server="http://127.0.0.1:9"))
        audience_publisher = AudiencePublisher(
            hub,
            phones,
            lab,
            room=room,
            presence=presence,
            safety=lambda: table.monkey.safety,
            join_url=lambda: JOIN_URL,
        )

        def changed() -> None:
            board.show_machines()
            audience_publisher.show()

        table.changed = changed
        await room.resume(kept, records.get)
        audience_publisher.show()
        tokens = Tokens(folder)
        authenticator = Authenticator(
            tokens,
            Sessions(b"k" * 32, folder, table.clock),
            Rates(table.clock),
            open_here=open_here,
        )
        audit = Audit(database, table.clock)
        context = Context(
            lab=lab,
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
            authenticator=authenticator,
            audit=audit,
            join_url=lambda: JOIN_URL,
            preflight=lambda: check_everything(
                Preflighted(LAB, table.plugs, table.monkey.feed_monitor, list),
                client,
                table.clock,
            ),
        )
        app = create_app(context)
        web = WebServer(entrance := RequestSizeLimit(RequestScheduler(app)), ServerSettings(port=0))
        web.bind()
        url = f"http://127.0.0.1:{web.port}"
        async with (
            asyncio.TaskGroup() as tasks,
            httpx.AsyncClient(base_url=url, timeout=PATIENCE) as browser,
        ):
            tasks.create_task(web.run_until_told())
            keeping = tasks.create_task(recorder.run())
            await until(lambda: web.started)
            writing = tasks.create_task(audit.run())
            yield Site(
                table=table,
                hub=hub,
                records=records,
                url=url,
                client=browser,
                room=room,
                phones=phones,
                connection_limits=web.connection_limits,
                tokens=tokens,
                audit=audit,
                authenticator=authenticator,
                presence=presence,
                app=app,
                entrance=entrance,
            )
            writing.cancel()
            keeping.cancel()
            hub.close()
            phones.close()
            web.should_exit = True
        await client.close()
