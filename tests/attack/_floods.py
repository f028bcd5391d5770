"""Strangers in a process of their own: python -m tests.attack._floods PORT SECONDS SEED.

Each attack goes on for some seconds, several at a time, from addresses of loopback. They bear no
token, so whatever they ask for has to come to nothing.
"""

import asyncio
import contextlib
import random
import socket
import sys
from collections.abc import Awaitable, Callable
from functools import partial

from tests.benchmarks import _rough
from tests.benchmarks._phones import UPGRADE

TOGETHER = 2
"""Attacks at a time."""

LASTS = (3.0, 8.0)
"""Seconds that one goes on."""

GETS = (
    ("/api/outages?limit=1000", 100), ("/api/join.svg", 200), ("/healthz", 200),
    ("/api/state", 100), ("/openapi.json", 50), ("/docs", 50), ("/", 200), ("/readyz", 100),
    ("/api/outages/nothing", 100), ("/api/preflight", 50), ("/api/audit", 50),
)  # fmt: skip

POSTS = (
    ("/halt", b"", 100), ("/release", b"", 50), ("/arm", b"", 50), ("/kill/node3", b"", 100),
    ("/restore/node3", b"", 100), ("/kill/%1b%5b2J%0aforged%20row", b"", 20),
    ("/api/play/join", b"{}", 100), ("/api/round/open", b"{}", 20),
    ("/api/play/join", b"{" + b",".join(b'"%d": 1' % n for n in range(1600)) + b"}", 8),
    ("/api/show", b"[" * 16_000, 20), ("/login", b"token=" + b"x" * 15_000, 50),
)  # fmt: skip

HEADERS = (
    "", "X-Forwarded-For: 127.0.0.1\r\n", "Authorization: Bearer chaos_guess\r\n",
    "Cookie: chaosmonkey=forged\r\n", "User-Agent: curl/8\r\n", "User-Agent: \x1b]0;forged\x07\r\n",
)  # fmt: skip


class Strangers:
    """All of them; `chance` is the run's."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self._port = port
        self._chance = chance
        self.answered = 0

    def attack(self) -> Callable[[], Awaitable[None]]:
        """One of the attacks, chosen by chance."""
        kind = self._chance.randrange(10)
        if kind < 4:
            path, many = self._chance.choice(GETS)
            return partial(self._ask, f"GET {path}", b"", many)
        if kind < 7:
            path, body, many = self._chance.choice(POSTS)
            return partial(self._ask, f"POST {path}", body, many)
        if kind < 8:
            path = self._chance.choice(("/ws", "/ws?role=stage", "/ws?role=console", "/ws/play"))
            return partial(self._sockets, path, 40)
        if kind < 9:
            return partial(self._unread, self._chance.choice(GETS)[0], 30)
        return partial(_rough.main, self._port, LASTS[1])

    async def _ask(self, what: str, body: bytes, many: int) -> None:
        extra = self._chance.choice(HEADERS)
        request = (
            f"{what} HTTP/1.1\r\nHost: 127.0.0.1\r\n{extra}Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        async with asyncio.TaskGroup() as tasks:
            for _ in range(many):
                tasks.create_task(self._again_and_again(request))

    async def _again_and_again(self, request: bytes) -> None:
        while True:
            with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
                reader, writer = await self._open()
                try:
                    while True:
                        writer.write(request)
                        await _whole_answer(reader)
                        self.answered += 1
                finally:
                    writer.transport.abort()
            await asyncio.sleep(0.1)

    async def _sockets(self, path: str, many: int) -> None:
        ends = []
        for _ in range(many):
            with contextlib.suppress(OSError):
                _, writer = await self._open()
                ends.append(writer)
                writer.write(UPGRADE.format(path=path, host="127.0.0.1").encode())
        try:
            await asyncio.sleep(60)
        finally:
            for writer in ends:
                writer.transport.abort()

    async def _unread(self, path: str, many: int) -> None:
        ends = []
        for _ in range(many):
            end = socket.socket()
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            end.setblocking(False)
            ends.append(end)
            with contextlib.suppress(OSError):
                await asyncio.get_running_loop().sock_connect(end, ("127.0.0.1", self._port))
                end.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() * 3)
        try:
            await asyncio.sleep(60)
        finally:
            for end in ends:
                end.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = f"127.0.1.{self._chance.randrange(1, 4)}"
        return await asyncio.open_connection(
            "127.0.0.1", self._port, local_addr=(address, 0), limit=2**20
        )


async def _whole_answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"content-length: " in head:
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        return
    while size := int(await reader.readline() or b"0", 16):
        await reader.readexactly(size + 2)
    await reader.readline()


async def main(port: int, seconds: float, seed: int) -> None:
    chance = random.Random(seed)
    strangers = Strangers(port, chance)

    async def one_after_another() -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(chance.uniform(*LASTS)):
                    await strangers.attack()()

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
            for _ in range(TOGETHER):
                tasks.create_task(one_after_another())
    print(strangers.answered, flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
