"""Websockets that do not read, do not answer or talk too much end, and nobody else notices."""

import asyncio
import contextlib
import os
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed

from chaosmonkey.api.fair_queue import FairQueue
from chaosmonkey.api.transport.client_limits import (
    BLOCKED,
    BYTES_PER_SECOND,
    PING,
    PING_AFTER,
    SILENT,
    framed,
)
from chaosmonkey.api.transport.phone_connection import PhoneConnection
from chaosmonkey.api.transport.websocket_protocol import WebSocketConnection
from tests.patience import PATIENCE, connect, until
from tests.unit.api._rough import (
    UPGRADE,
    close_code,
    frame,
    look_later,
    nobody_is_left,
    presenter_is_served,
    rough,
    rough_socket,
)
from tests.unit.api.conftest import Site

LARGE = 60_000
"""Bytes of messages that soon fill what the kernel keeps."""


@pytest.fixture(autouse=True)
def _unlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server looks at no connection: a test does, when the time has come."""
    monkeypatch.setattr("chaosmonkey.api.transport.server.SWEEP_INTERVAL", 10 * PATIENCE)


def the_phone(site: Site) -> PhoneConnection:
    (listener,) = site.phones._listeners
    assert isinstance(listener, PhoneConnection)
    return listener


async def is_heard(phone: PhoneConnection, *, since: float) -> None:
    await until(lambda: phone._received_at > since)


async def fill(site: Site) -> PhoneConnection:
    """Send to the one phone, which does not read, until nothing more goes out."""
    await until(lambda: site.phones.listening == 1)
    phone = the_phone(site)
    for _ in range(100):
        phone.offer(framed(b"0" * LARGE))
        await asyncio.sleep(0)
    assert phone._blocked_at is not None
    return phone


async def test_a_phone_that_reads_late_gets_the_latest_and_not_what_came_between(
    site: Site,
) -> None:
    async with rough_socket(site, unread=4096) as client:
        phone = await fill(site)
        for letter in (b"1", b"2", b"3"):
            phone.offer(framed(letter * LARGE))
        await presenter_is_served(site)
        heard = b""
        async with asyncio.timeout(PATIENCE):
            while b"333" not in heard:
                heard += await client.reader.read(65536)
        assert b"111" not in heard
        assert b"222" not in heard
    await nobody_is_left(site)


async def test_a_sign_of_life_does_not_take_the_place_of_the_latest(site: Site) -> None:
    async with rough_socket(site, unread=4096) as client:
        phone = await fill(site)
        phone.offer(framed(b"latest"))
        phone.beat(framed(b"beat"))
        async with asyncio.timeout(PATIENCE):
            while b"latest" not in await client.reader.read(65536):
                pass


async def test_a_phone_that_never_reads_is_dropped(site: Site) -> None:
    async with rough_socket(site, unread=4096):
        await fill(site)
        look_later(site, BLOCKED / 2)
        assert site.phones.listening == 1
        look_later(site, BLOCKED + 1)
        await nobody_is_left(site)
        await presenter_is_served(site)


async def test_a_watcher_that_never_reads_is_dropped(site: Site) -> None:
    async with rough_socket(site, "/ws?role=console", unread=4096):
        await until(lambda: site.hub.watching == 1)
        (connection,) = (
            one
            for one in site.connection_limits.connections
            if isinstance(one, WebSocketConnection)
        )
        for _ in range(100):
            connection.transport.write(framed(b"0" * LARGE))
        assert connection._blocked_at is not None
        look_later(site, BLOCKED + 1)
        await nobody_is_left(site)


@pytest.mark.parametrize("path", ["/ws/play", "/ws"])
async def test_a_half_open_connection_is_asked_and_then_dropped(site: Site, path: str) -> None:
    async with rough_socket(site, path) as client:
        await until(lambda: site.phones.listening + site.hub.watching == 1)
        look_later(site, PING_AFTER + 1)
        await client.reader.readuntil(PING)
        look_later(site, SILENT - 1)
        assert site.phones.listening + site.hub.watching == 1
        look_later(site, SILENT + 1)
        await nobody_is_left(site)
        await presenter_is_served(site)


async def test_a_quiet_phone_that_answers_pings_stays(site: Site) -> None:
    async with connect(site.url.replace("http", "ws") + "/ws/play", ping_interval=None) as phone:
        await phone.recv()
        phone_seen = the_phone(site)
        for _ in range(4):
            before = phone_seen._received_at
            look_later(site, SILENT - 1)
            await is_heard(phone_seen, since=before)
        assert site.phones.listening == 1


async def test_garbage_on_a_seats_socket_ends_it(site: Site) -> None:
    for rubbish in (os.urandom(500), b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100, b"\x81\x05hello"):
        async with rough_socket(site) as client:
            await client.send(rubbish + b"\x00" * 200)
            await client.rest()
        await presenter_is_served(site)
    await nobody_is_left(site)


async def test_a_phone_that_talks_too_much_is_shown_out(site: Site) -> None:
    async with rough_socket(site) as client:
        for _ in range(40):
            await client.send(frame(1, b'{"vote": "node3"}'))
        assert close_code(await client.rest()) == 1008
    await nobody_is_left(site)
    assert site.table.diary == []


@pytest.mark.parametrize("path", ["/ws/play", "/ws?role=stage"])
async def test_who_speaks_before_being_let_in_is_hung_up_on(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    let_in = asyncio.Event()

    async def turn(self: FairQueue, address: str) -> None:
        await let_in.wait()

    def call(self: FairQueue, address: str, start: Callable[[], bool]) -> None:
        """Nobody gets a turn."""

    with monkeypatch.context() as patched:
        patched.setattr(FairQueue, "turn", turn)
        patched.setattr(FairQueue, "call", call)
        async with rough(site) as client:
            await client.send(UPGRADE.format(path=path).encode())
            await until(lambda: site.connection_limits.listening == 1)
            await client.send(os.urandom(2_000))
            assert (await client.rest()).startswith(b"HTTP/1.1 400 ")
    let_in.set()
    await presenter_is_served(site)
    await nobody_is_left(site)
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("path", ["/ws/play", "/ws?role=stage"])
async def test_a_flood_of_pings_ends_the_connection_before_they_are_read(
    site: Site, path: str
) -> None:
    async with rough_socket(site, path) as client:
        await client.send(frame(9, b"") * BYTES_PER_SECOND)
        await client.rest()
        await presenter_is_served(site)
    await nobody_is_left(site)


async def test_a_frame_of_a_megabyte_is_not_even_read(site: Site) -> None:
    for path in ("/ws/play", "/ws"):
        async with connect(site.url.replace("http", "ws") + path, max_size=None) as socket:
            await socket.recv()
            with contextlib.suppress(ConnectionClosed):
                await socket.send("x" * 1_000_000)
            async with asyncio.timeout(PATIENCE):
                await socket.wait_closed()
            assert socket.close_code in (1009, 1006)  # 1006: the answer was lost in the flood
        await presenter_is_served(site)
    await nobody_is_left(site)


async def test_phones_that_come_and_go_leave_nothing_behind(site: Site) -> None:
    for leave in ("close", "abort", "half"):
        async with rough_socket(site) as client:
            await until(lambda: site.phones.listening == 1)
            if leave == "close":
                await client.send(frame(8, b"\x03\xe8"))
                assert close_code(await client.rest()) == 1000
            elif leave == "half":
                client.writer.write_eof()
        await nobody_is_left(site)
