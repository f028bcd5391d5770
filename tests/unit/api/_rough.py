"""Clients that do what no browser would, over bare sockets."""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass

from chaosmonkey.api.transport.http_protocol import HttpConnection
from chaosmonkey.api.transport.phone_connection import PhoneConnection
from chaosmonkey.api.transport.websocket_protocol import WebSocketConnection
from tests.patience import PATIENCE, until
from tests.unit.api.conftest import Site

UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@dataclass
class Rough:
    """A connection of which every byte is the test's own."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def rest(self) -> bytes:
        """Everything until the server hangs up."""
        heard = b""
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                while data := await self.reader.read(65536):
                    heard += data
        return heard


@contextlib.asynccontextmanager
async def rough(site: Site, *, unread: int | None = None) -> AsyncIterator[Rough]:
    """A bare connection; `unread` is how many bytes its side of the kernel takes."""
    end = socket.socket()
    end.setblocking(False)
    if unread is not None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, unread)
    host, _, port = site.url.removeprefix("http://").partition(":")
    await asyncio.get_running_loop().sock_connect(end, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=end, limit=unread or 65536)
    try:
        yield Rough(reader, writer)
    finally:
        writer.transport.abort()


@contextlib.asynccontextmanager
async def rough_socket(
    site: Site, path: str = "/ws/play", *, unread: int | None = None
) -> AsyncIterator[Rough]:
    """A websocket of which every byte after the handshake is the test's own."""
    async with rough(site, unread=unread) as client:
        await client.send(UPGRADE.format(path=path).encode())
        assert b" 101 " in await client.reader.readuntil(b"\r\n\r\n")
        yield client


def frame(opcode: int, payload: bytes) -> bytes:
    """A frame as a client has to send it: masked."""
    mask = os.urandom(4)
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def close_code(heard: bytes) -> int | None:
    """The code of the close frame that everything heard ends with; None without one."""
    at = heard.rfind(b"\x88")
    return None if at < 0 or len(heard) < at + 4 else struct.unpack("!H", heard[at + 2 : at + 4])[0]


async def presenter_is_served(site: Site) -> None:
    """The presenter's page and HALT answer, whatever else goes on."""
    assert (await site.client.get("/healthz")).status_code == 200
    assert (await site.client.post("/halt")).status_code == 200


def look_later(site: Site, seconds: float) -> None:
    """Look at every connection, as the server does once a second, so many seconds from now."""
    then = asyncio.get_running_loop().time() + seconds
    for connection in tuple(site.connection_limits.connections):
        assert isinstance(connection, HttpConnection | WebSocketConnection | PhoneConnection)
        connection.enforce_limits(then)


async def nobody_is_left(site: Site) -> None:
    """Every connection but the presenter's own is gone, and nothing remembers it."""
    await until(lambda: site.connection_limits.here <= 1 and not site.connection_limits.listening)
    await until(lambda: not site.phones.listening and not site.hub.watching)
    assert len(site.connection_limits.connections) == site.connection_limits.here
