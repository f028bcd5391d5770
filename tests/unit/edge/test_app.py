"""An edge serves phones and stages, and has no way to change anything."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chaosmonkey.access import Rates
from chaosmonkey.api.fast_path import Entrance, FastPath
from chaosmonkey.api.routes.pages import read_static_files
from chaosmonkey.api.transport.client_limits import framed
from chaosmonkey.api.transport.connection_limits import Capacity
from chaosmonkey.api.transport.server import WebServer
from chaosmonkey.clock import ManualClock
from chaosmonkey.config import EdgeSettings
from chaosmonkey.edge.app import NOT_YET, create_edge_app
from chaosmonkey.edge.backend import EdgeBackend
from chaosmonkey.edge.outbox import Outbox
from chaosmonkey.edge.table_copy import TableCopy
from chaosmonkey.edge.table_time import TableTime
from chaosmonkey.hub import Hub, PhoneStream, Presence
from chaosmonkey.scale import SeatRules, Stored, TableLease
from tests.meant import MEANT
from tests.patience import PATIENCE, connect, until

COMMANDS = ["/kill/node1", "/halt", "/release", "/arm", "/restore", "/api/round/open", "/api/show"]


class RunningEdge:
    """An edge without NATS: the test says what it knows of the table."""

    def __init__(self) -> None:
        self.settings = EdgeSettings.model_validate(
            {
                "server": {"host": "127.0.0.1", "port": 0},
                "nats": {"servers": ["nats://127.0.0.1:9"]},
            }
        )
        pace = ManualClock()
        time = TableTime(pace, pace)
        self.phones, self.hub = PhoneStream(time.now, framed), Hub(time.now)
        self.table = TableCopy(time, self.phones, self.hub, lambda: None)
        self.backend = EdgeBackend(
            self.table,
            Outbox("edge1", "requests", pace),
            rates=Rates(pace),
            presence=Presence(lambda: None, lambda: None),
            phones=self.phones,
        )
        self.reasons: list[str] = []
        files = {path: file for path, file in read_static_files().items() if path != "/console"}
        app = create_edge_app(
            self.settings, self.backend, self.hub, files=files, not_ready=lambda: self.reasons
        )
        entrance = Entrance(FastPath(app, self.settings.server, files=files, backend=self.backend))
        self.web = WebServer(entrance, self.settings.server, phones=entrance, capacity=Capacity())

    def know_the_table(self) -> None:
        self.table.follow(TableLease(owner="one", instance="a", host="here"))
        self.table.learn_seats(SeatRules(key="11" * 32, salt="22" * 32))
        self.table.show_play(Stored(instance="a", value={"type": "play", "title": "hello"}))

    def address(self, path: str) -> str:
        return f"ws://127.0.0.1:{self.web.port}{path}"


@pytest.fixture
async def edge() -> AsyncIterator[RunningEdge]:
    found = RunningEdge()
    found.web.bind()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(found.web.run_until_stopped())
        await until(lambda: found.web.started)
        yield found
        found.hub.close()
        found.phones.close()
        found.web.should_exit = True


@pytest.fixture
async def browser(edge: RunningEdge) -> AsyncIterator[httpx.AsyncClient]:
    url = f"http://127.0.0.1:{edge.web.port}"
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, headers=MEANT) as client:
        yield client


@pytest.mark.parametrize("path", COMMANDS)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_command_exists_on_an_edge(
    browser: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await browser.request(method, path, headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert "table's server" in answer.json()["remedy"]


@pytest.mark.parametrize("path", ["/console", "/login", "/api/state", "/docs"])
async def test_nothing_of_the_presenters_exists_on_an_edge(
    browser: httpx.AsyncClient, path: str
) -> None:
    assert (await browser.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/", "/play"])
async def test_its_pages_are_those_of_the_server_with_the_same_headers(
    browser: httpx.AsyncClient, path: str
) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_a_foreign_host_is_refused(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/play", headers={"Host": "evil.example"})
    assert answer.status_code == 421


async def test_a_short_address_leads_to_the_phone_page(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/j/KTX4P")).headers["location"].endswith("/play?code=KTX4P")
    assert (await browser.get("/j")).headers["location"].endswith("/play")


async def test_readiness_says_why_it_is_not_ready(
    edge: RunningEdge, browser: httpx.AsyncClient
) -> None:
    edge.reasons = ["the table was never seen"]
    answer = await browser.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["the table was never seen"])
    edge.reasons = []
    assert (await browser.get("/readyz")).status_code == 200
    assert (await browser.get("/healthz")).status_code == 200


async def test_a_phone_is_told_to_come_back_until_the_table_is_known(edge: RunningEdge) -> None:
    async with connect(edge.address("/ws/play")) as phone:
        with pytest.raises(ConnectionClosed):
            await phone.recv()
        assert phone.close_code == NOT_YET
    edge.know_the_table()
    await until(lambda: edge.backend.ready)
    async with connect(edge.address("/ws/play")) as phone:
        assert '"hello"' in str(await phone.recv())


async def test_a_console_is_not_served(edge: RunningEdge) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with connect(edge.address("/ws?role=console")):
            pass


async def test_a_stage_gets_a_snapshot_and_is_counted(edge: RunningEdge) -> None:
    async with connect(edge.address("/ws?role=stage")) as stage:
        assert str(await stage.recv()).startswith('{"type":"snapshot"')
        assert edge.backend.presence.count("stage") == 1
    await until(lambda: edge.backend.presence.count("stage") == 0)


def test_the_capacity_of_an_edge_can_be_lifted_for_a_proxy() -> None:
    settings = EdgeSettings.model_validate(
        {
            "server": {"proxies": ["10.42.0.0/16"]},
            "nats": {"servers": ["tls://nats.example.org:4222"]},
        }
    )
    capacity = replace(Capacity(), proxies=settings.server.networks)
    assert not capacity.limits("10.42.7.7")
    assert capacity.limits("192.0.2.1")
