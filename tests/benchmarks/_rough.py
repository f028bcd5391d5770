"""Rough clients in a process of their own: python -m tests.benchmarks._rough PORT SECONDS.

All of it at once: 10,000 connects a minute of which nothing or nothing whole is heard, websockets
that never read, garbage and megabytes on seats' sockets, and requests that arrive byte by byte.
"""

import asyncio
import contextlib
import os
import random
import socket
import sys
from collections.abc import Awaitable, Callable

from tests.benchmarks._phones import UPGRADE

CONNECTS = 10_000 / 60
"""A second."""

SLOW = 50
"""Websockets that never read, and as many requests that never end. They come within 2 s."""

RUBBISH = 5
"""Seats a second that send garbage, and as many that send a megabyte."""

MEGABYTE = b"\x81\xff" + (1_000_000).to_bytes(8) + b"\0\0\0\0" + b"x" * 1_000_000


class Rough:
    """Every kind of them, one coroutine each."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._loop = asyncio.get_running_loop()
        self.ends: list[socket.socket] = []

    async def connects(self) -> None:
        end = await self._opened(random.choice((b"", b"GET / HTTP/1.1\r\n", os.urandom(100))))
        await asyncio.sleep(random.uniform(0, 30))
        end.close()

    async def unread(self) -> None:
        await self._opened(self._upgrade(random.choice(("/ws/play", "/ws"))))

    async def drips(self) -> None:
        end = await self._opened(b"POST /halt HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        while True:
            await self._loop.sock_sendall(end, b"a")
            await asyncio.sleep(1)

    async def garbage(self) -> None:
        await self._opened(self._upgrade("/ws/play"), os.urandom(10_000))

    async def megabyte(self) -> None:
        await self._opened(self._upgrade("/ws/play"), MEGABYTE)

    def _upgrade(self, path: str) -> bytes:
        return UPGRADE.format(path=path, host=f"127.0.0.1:{self._port}").encode()

    async def _opened(self, *said: bytes) -> socket.socket:
        end = socket.socket()
        end.setblocking(False)
        self.ends.append(end)
        await self._loop.sock_connect(end, ("127.0.0.1", self._port))
        for part in said:
            await self._loop.sock_sendall(end, part)
        return end


async def main(port: int, seconds: float) -> None:
    rough = Rough(port)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
            for kind in (rough.unread, rough.drips):
                for _ in range(SLOW):
                    tasks.create_task(_tolerant(kind, after=random.uniform(0, 2)))
            tasks.create_task(_often(rough.connects, CONNECTS))
            tasks.create_task(_often(rough.garbage, RUBBISH))
            tasks.create_task(_often(rough.megabyte, RUBBISH))
    for end in rough.ends:
        end.close()


async def _often(kind: Callable[[], Awaitable[None]], rate: float) -> None:
    async with asyncio.TaskGroup() as tasks:
        while True:
            tasks.create_task(_tolerant(kind))
            await asyncio.sleep(1 / rate)


async def _tolerant(kind: Callable[[], Awaitable[None]], *, after: float = 0) -> None:
    await asyncio.sleep(after)
    with contextlib.suppress(OSError):
        await kind()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
