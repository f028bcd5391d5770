"""Prepared answers and phones' handshakes that the transport handles are right to the byte."""

import asyncio
import re
from collections.abc import Callable

import pytest

from chaosmonkey.api.fair_queue import FairQueue
from tests.patience import PATIENCE, until
from tests.unit.api._rough import UPGRADE, nobody_is_left, presenter_is_served, rough
from tests.unit.api.conftest import Site

PAGE = b"GET /play HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SHAKE = UPGRADE.format(path="/ws/play")


async def answers(site: Site, *requests: bytes) -> bytes:
    """Everything until the server hangs up."""
    async with rough(site) as client:
        for request in requests:
            await client.send(request)
        return await client.rest()


def statuses(heard: bytes) -> list[str]:
    return re.findall(r"HTTP/1\.1 (\d{3}) ", heard.decode("latin-1"))


async def test_requests_sent_ahead_on_one_connection_are_answered_in_order(site: Site) -> None:
    ahead = PAGE + b"\r\nGET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + PAGE + b"\r\n"
    heard = await answers(site, ahead, PAGE + b"Connection: close\r\n\r\n")
    assert statuses(heard) == ["200"] * 4
    kinds = re.findall(rb"content-type: ([a-z/]+)", heard)
    assert kinds == [b"text/html", b"text/plain", b"text/html", b"text/html"]
    assert heard.count(b"connection: close") + heard.count(b"Connection: close") == 1
    assert len(re.findall(rb"\r\ndate: ", heard)) == 4


async def test_an_old_client_gets_the_page_and_is_hung_up_on(site: Site) -> None:
    heard = await answers(site, b"GET /play HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
    assert statuses(heard) == ["200"]
    assert b"<!doctype html>" in heard


async def test_a_page_requested_with_a_body_is_answered_and_the_body_is_read(site: Site) -> None:
    request = PAGE + b"Content-Length: 5\r\n\r\n"
    heard = await answers(site, request, b"12345", PAGE + b"Connection: close\r\n\r\n")
    assert statuses(heard) == ["200", "200"]


@pytest.mark.parametrize(
    ("shake", "status"),
    [
        (SHAKE.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), "400"),
        (SHAKE.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), "400"),
        (SHAKE.replace("Version: 13", "Version: 8"), "400"),
        (SHAKE.replace("GET", "POST"), "405"),
    ],
)
async def test_a_handshake_that_is_none_is_refused(site: Site, shake: str, status: str) -> None:
    assert statuses(await answers(site, shake.encode())) == [status]
    await nobody_is_left(site)


async def test_compression_is_not_negotiated_with_a_phone(site: Site) -> None:
    async with rough(site) as client:
        offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
        await client.send((SHAKE.removesuffix("\r\n") + offer + "\r\n").encode())
        head = await client.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head  # RFC 6455, 1.3
        assert b"extensions" not in head.lower()


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], bool]]:
    """Handshakes whose turn has not come."""
    found: list[Callable[[], bool]] = []

    def call(self: FairQueue, address: str, start: Callable[[], bool]) -> None:
        found.append(start)

    monkeypatch.setattr(FairQueue, "call", call)
    return found


async def test_a_phone_that_leaves_before_its_turn_leaves_nothing_behind(
    site: Site, waiting: list[Callable[[], bool]]
) -> None:
    async with rough(site) as client:
        await client.send(SHAKE.encode())
        await until(lambda: waiting)
        assert site.connection_limits.listening == 1
    await nobody_is_left(site)
    assert waiting[0]() is False
    await presenter_is_served(site)


async def test_a_phone_that_waits_is_let_in_when_its_turn_comes(
    site: Site, waiting: list[Callable[[], bool]]
) -> None:
    async with rough(site) as client:
        await client.send(SHAKE.encode())
        await until(lambda: waiting)
        assert waiting[0]() is True
        async with asyncio.timeout(PATIENCE):
            assert b" 101 " in await client.reader.readuntil(b"\r\n\r\n")
        await until(lambda: site.phones.listening == 1)
    await nobody_is_left(site)


async def test_a_phone_that_waits_is_hung_up_on_when_the_server_stops(
    site: Site, waiting: list[Callable[[], bool]]
) -> None:
    async with rough(site) as client:
        await client.send(SHAKE.encode())
        await until(lambda: waiting)
        for connection in tuple(site.connection_limits.connections):
            connection.shutdown()
        assert await client.rest() == b""


async def test_handshakes_of_addresses_take_turns_and_begin_a_few_at_a_time() -> None:
    queue = FairQueue(lambda: 2)
    begun: list[str] = []

    def handshake(name: str) -> Callable[[], bool]:
        def start() -> bool:
            begun.append(name)
            return not name.startswith("left")

        return start

    for name in ("a1", "a2", "a3", "left", "a4"):
        queue.call("10.0.0.1", handshake(name))
    queue.call("10.0.0.2", handshake("b1"))
    assert begun == ["a1", "a2"]
    await asyncio.sleep(0)
    assert begun[2:] == ["a3", "b1"]
    await asyncio.sleep(0)
    assert begun[4:] == ["left", "a4"]  # one that has left takes nobody's turn
