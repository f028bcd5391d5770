"""Devices that answer what no device should, each in its own way, on loopback ports."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

Answer = Callable[[asyncio.StreamWriter], Coroutine[None, None, None]]


def _body(body: bytes, head: bytes = b"", status: bytes = b"200 OK") -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n%b" % (status, len(body), head, body)
        )
        await writer.drain()

    return answer


def _raw(text: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return answer


async def _endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.2)


async def _silent(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


CHALLENGE = b'WWW-Authenticate: Digest qop="auth", realm="x\xff\xfe", nonce="\xc3"\r\n'
NASTY: dict[str, tuple[str, Answer]] = {
    "JSON too deep": ("shelly-gen1", _body(b"[" * 100_000)),
    "deep JSON of an error": ("shelly-gen1", _body(b"[" * 100_000, status=b"500 No")),
    "deep objects": ("tasmota", _body(b'{"a":' * 20_000)),
    "a digest challenge of no text": ("shelly-gen2", _body(b"", CHALLENGE, b"401 No")),
    "a digest challenge without an end": (
        "shelly-gen2",
        _body(b"", b'WWW-Authenticate: Digest realm="' + b"," * 4000 + b"\r\n", b"401 No"),
    ),
    "a redirect to itself": ("tasmota", _body(b"", b"Location: /cm\r\n", b"302 Found")),
    "a redirect to nonsense": (
        "tasmota",
        _body(b"", b"Location: http://[::1/\xff\r\n", b"301 Moved"),
    ),
    "an endless body": ("tasmota", _endless),
    "a body that drips": ("tasmota", _drip),
    "silence": ("tasmota", _silent),
    "a gzip bomb": (
        "tasmota",
        _body(gzip.compress(b"\0" * 200_000_000, 9), b"Content-Encoding: gzip\r\n"),
    ),
    "a false length": ("tasmota", _raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}")),
    "a length beyond memory": (
        "tasmota",
        _raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n{}"),
    ),
    "broken chunks": (
        "tasmota",
        _raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    ),
    "endless headers": ("tasmota", _raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000)),
    "a number too long for Python": ("tasmota", _body(b'{"POWER": ' + b"9" * 5000 + b"}")),
    "half a character": ("tasmota", _body(b'{"POWER": "\xc3')),
    "lone surrogates": ("tasmota", _body(b'{"POWER": "\\ud800"}')),
    "another protocol": ("tasmota", _raw(b"220 mail.example ESMTP\r\n")),
    "TLS garbage": ("https", _raw(b"\x16\x03\x01\xff\xff" + b"\0" * 300)),
    "no TLS": ("https", _raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
}
"""What is answered → the preset of the device, or https, and how."""


@asynccontextmanager
async def nasty(name: str) -> AsyncIterator[str]:
    """A plug's settings, as a table of TOML, whose device answers so."""
    preset, answer = NASTY[name]

    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await reader.read(4096)
            await answer(writer)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    scheme, preset = ("https", "tasmota") if preset == "https" else ("http", preset)
    try:
        yield (
            f'{{ driver = "http", url = "{scheme}://127.0.0.1:{port}", preset = "{preset}", '
            'password = "device-secret", timeout = 2 }'
        )
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving)
