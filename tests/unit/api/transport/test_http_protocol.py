"""Connections that do not get to the point, ask for too much or are too many."""

import asyncio
import ipaddress
import os
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from chaosmonkey.api.middleware.concurrency import EACH_ROUND
from chaosmonkey.api.middleware.request_size import LARGEST_BODY
from chaosmonkey.api.transport.client_limits import BLOCKED
from chaosmonkey.api.transport.connection_limits import Capacity, ConnectionLimits, address_of
from chaosmonkey.api.transport.http_protocol import LARGEST_HEAD, REQUEST_TIME, HttpConnection
from tests.patience import PATIENCE, until
from tests.unit.api._rough import (
    UPGRADE,
    look_later,
    nobody_is_left,
    presenter_is_served,
    rough,
    rough_socket,
)
from tests.unit.api.conftest import Site
from tests.unit.api.routes.test_state import OLD

OUTAGE_ID = "20260101-{:06}-node3"

HEAD = b"POST /api/play/join HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.fixture(autouse=True)
def _unlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server looks at no connection: a test does, when the time has come."""
    monkeypatch.setattr("chaosmonkey.api.transport.server.SWEEP_INTERVAL", 10 * PATIENCE)


async def test_readers_that_do_not_read_keep_nobody_from_playing(site: Site) -> None:
    """As many as begin in a round ask for more than their kernel takes, and never read it."""
    many = [OUTAGE_ID.format(number) for number in range(300)]
    for key in many:
        await site.records.save(replace(OLD, id=key))
    async with AsyncExitStack() as stack:
        for _ in range(2 * EACH_ROUND):
            client = await stack.enter_async_context(rough(site, unread=1024))
            await client.send(b"GET /api/outages?limit=300 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answer = await site.client.post("/api/play/join", json={})
        assert answer.status_code == 200, answer.text
    await nobody_is_left(site)


async def test_a_body_that_is_too_large_is_refused_before_it_is_sent(site: Site) -> None:
    async with rough(site) as client:
        await client.send(HEAD + b"Content-Length: %d\r\n\r\n" % (LARGEST_BODY + 1))
        heard = await client.rest()
        assert heard.startswith(b"HTTP/1.1 413 ")
        assert b"application/problem+json" in heard
    await presenter_is_served(site)
    await nobody_is_left(site)


async def test_a_body_that_does_not_say_how_long_it_is_is_given_up_when_it_is_too_long(
    site: Site,
) -> None:
    async with rough(site) as client:
        await client.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"5\r\nhello\r\n" * 10_000)
        heard = await client.rest()
        assert heard.startswith(b"HTTP/1.1 413 ") or not heard  # reset: it was still sending
    await nobody_is_left(site)


@pytest.mark.parametrize("once", [True, False])
async def test_headers_that_are_too_large_are_refused(site: Site, *, once: bool) -> None:
    large = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-A: b\r\n" * (LARGEST_HEAD // 6)
    async with rough(site) as client:
        for part in [large] if once else [large[:10_000], large[10_000:]]:
            await client.send(part)
            await asyncio.sleep(0)
        await client.send(b"\r\n")
        heard = await client.rest()
        assert heard.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
    await nobody_is_left(site)


async def test_a_websocket_with_too_large_headers_is_refused(site: Site) -> None:
    async with rough(site) as client:
        request = UPGRADE.format(path="/ws/play?" + "x" * LARGEST_HEAD).encode()
        await client.send(request)
        assert b" 101 " not in await client.rest()
    await nobody_is_left(site)


@pytest.mark.parametrize("begun", [b"", b"G", HEAD, HEAD + b"Content-Length: 50\r\n\r\n{"])
async def test_a_request_that_never_ends_is_given_up(site: Site, begun: bytes) -> None:
    async with rough(site) as client:
        await client.send(begun)
        await until(lambda: site.connection_limits.here == 1)
        for _ in range(5 if begun else 0):
            look_later(site, REQUEST_TIME / 2)
            await client.send(b"a")  # a byte of a header now and then
            await asyncio.sleep(0)
        assert site.connection_limits.here == 1
        look_later(site, REQUEST_TIME + 1)
        heard = await client.rest()
        assert heard == b"" or heard.startswith(b"HTTP/1.1 408 ")
    await presenter_is_served(site)
    await nobody_is_left(site)


async def test_the_second_request_on_a_connection_has_to_end_as_well(site: Site) -> None:
    async with rough(site) as client:
        await client.send(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await client.reader.readuntil(b"ok\n")
        (connection,) = site.connection_limits.connections
        assert isinstance(connection, HttpConnection)
        look_later(site, REQUEST_TIME + 1)
        await client.send(b"a")
        await until(lambda: connection._request_since is not None)
        look_later(site, REQUEST_TIME + 1)
        assert (await client.rest()).startswith(b"HTTP/1.1 408 ")
    await nobody_is_left(site)


async def test_who_does_not_read_the_answer_is_cut_off(site: Site) -> None:
    async with rough(site, unread=2048) as client:
        await client.send(b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 200)
        await until(lambda: site.connection_limits.here == 1)
        (connection,) = site.connection_limits.connections
        assert isinstance(connection, HttpConnection)
        await until(lambda: connection._blocked_at is not None)
        look_later(site, BLOCKED / 2)
        assert site.connection_limits.here == 1
        look_later(site, BLOCKED + 1)
        await nobody_is_left(site)
    await presenter_is_served(site)


async def test_garbage_is_answered_once_and_hung_up_on(site: Site) -> None:
    for rubbish in (
        os.urandom(2000),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\r\n" * 50,
    ):
        async with rough(site) as client:
            await client.send(rubbish + b"\r\n\r\n")
            heard = await client.rest()
            assert heard.startswith(b"HTTP/1.1 400 ")
    await nobody_is_left(site)


async def test_five_hundred_connections_in_a_moment_leave_nothing_behind(site: Site) -> None:
    async with AsyncExitStack() as flood:
        for number in range(500):
            client = await flood.enter_async_context(rough(site))
            await client.send((b"", b"GET /", b"\x00" * 20, UPGRADE.encode())[number % 4])
            if number % 100 == 50:
                await presenter_is_served(site)
    await presenter_is_served(site)
    await nobody_is_left(site)


async def test_when_it_is_full_whoever_stands_in_the_door_makes_room(
    site: Site,
) -> None:
    await presenter_is_served(site)
    site.connection_limits.capacity = Capacity(most_from_one=4)
    async with rough(site) as idler, rough(site), rough_socket(site), rough_socket(site):
        assert await idler.rest() == b""
        assert site.connection_limits.here == 4
    await nobody_is_left(site)


async def test_when_it_is_full_of_guests_a_newcomer_is_told_to_come_back(
    site: Site,
) -> None:
    await presenter_is_served(site)
    site.connection_limits.capacity = Capacity(most_from_one=3)
    async with rough_socket(site), rough_socket(site), rough(site) as late:
        assert (await late.rest()).startswith(b"HTTP/1.1 503 ")
        assert site.connection_limits.here == 3
        await presenter_is_served(site)  # on the connection that it has
    await nobody_is_left(site)


async def test_websockets_leave_room_for_requests(
    site: Site,
) -> None:
    site.connection_limits.capacity = Capacity(most_listening_from_one=2)
    async with rough_socket(site), rough_socket(site), rough(site) as late:
        await late.send(UPGRADE.format(path="/ws/play").encode())
        assert (await late.rest()).startswith(b"HTTP/1.1 503 ")
        await presenter_is_served(site)
    await nobody_is_left(site)


class Idler:
    """Stands in the door."""

    def __init__(self) -> None:
        self.gone = False

    def dismiss(self) -> None:
        self.gone = True


def test_one_addresss_flood_takes_no_room_from_another() -> None:
    connection_limits = ConnectionLimits(Capacity(most=4, most_from_one=2))
    guest, idlers = Idler(), [Idler() for _ in range(4)]
    assert connection_limits.admit(guest, "guest")
    assert all(connection_limits.admit(idler, "flood") for idler in idlers)
    assert [idler.gone for idler in idlers] == [True, True, False, False]
    assert not guest.gone


def test_an_address_of_a_proxy_is_not_limited_because_others_are_behind_it() -> None:
    proxies = (ipaddress.ip_network("10.42.0.0/16"),)
    capacity = Capacity(most_from_one=1, most_listening_from_one=1, proxies=proxies)
    limits = ConnectionLimits(capacity)
    for address, admitted in (("10.42.3.1", True), ("192.0.2.1", False)):
        assert limits.admit(Idler(), address)
        assert limits.admit_listener(address)
        assert limits.admit_listener(address) is admitted


def test_an_address_counts_as_one_however_it_is_written() -> None:
    assert address_of(("::ffff:10.0.0.7", 1)) == address_of(("10.0.0.7", 2)) == "10.0.0.7"
    assert address_of(("2001:db8:0:1::5", 1)) == address_of(("2001:db8:0:1:ffff::9", 1))
    assert address_of(("2001:db8:0:1::5", 1)) != address_of(("2001:db8:0:2::5", 1))
    assert address_of(("fe80::1%eth0", 1)) == "fe80::/64"
    assert address_of(None) == ""
