"""What a phone costs, counted in function calls of the server: no machine is too slow or too busy.

Processor time is measured by tests/e2e/test_audience_costs.py and `make bench`. It is noisy; calls
are not, and a layer too many shows in them at once.
"""

import asyncio
import cProfile
import json
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.benchmarks._phones import BROWSER, UPGRADE, masked
from tests.patience import PATIENCE, until
from tests.unit.api.conftest import Site, opened

T = TypeVar("T")
PHONES = 40
REQUESTS = 20
TIMES = 6
"""Measurements, of which the one with the fewest calls counts: on a busy machine more of the
server's own work falls into each."""

LIMITS = {"page": 0.5, "join": 1.7, "vote": 0.25, "frame": 0.01}
"""Calls, as multiples of those of a GET of /healthz: about a third more than measured."""


class Server:
    """A site in a thread of its own, whose function calls are counted."""

    def __init__(self, site: Site, loop: asyncio.AbstractEventLoop) -> None:
        self.site = site
        self._loop = loop
        self._profile = cProfile.Profile()
        self.port = int(site.url.rpartition(":")[2])

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Run something in the server's thread."""
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(PATIENCE)

    def calls(self, doing: Callable[[], object]) -> int:
        """How many functions the server calls for what is done from outside, and for nothing."""
        return self.counted(doing) - self.counted(lambda: None)

    def counted(self, doing: Callable[[], object]) -> int:
        """How many functions the server calls while something is done from outside."""

        async def counted() -> int:
            for _ in range(20):  # what was begun also ends
                await asyncio.sleep(0.005)
            self._profile.disable()
            found = sum(entry.callcount for entry in self._profile.getstats())
            self._profile.clear()
            return found

        async def begin() -> None:
            self._profile.enable()

        self.run(begin())
        doing()
        return self.run(counted())

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def get(self, stream: socket.socket, path: str) -> None:
        stream.sendall(f"GET {path} HTTP/1.1\r\n{BROWSER.format(port=self.port)}\r\n".encode())
        answer = received(stream, b"\r\n\r\n")
        length = int(answer.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = answer.partition(b"\r\n\r\n")[2]
        while len(body) < length:
            body += stream.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200 ")

    def join(self, number: int) -> socket.socket:
        """A phone as it comes: a page on a connection, and a websocket with a seat."""
        with self.connect() as page:
            self.get(page, "/play")
        stream = self.connect()
        stream.sendall(UPGRADE.format(path="/ws/play", host=f"127.0.0.1:{self.port}").encode())
        received(stream, b"\r\n\r\n")
        hello = {"id": 1, "do": "hello", "seat": f"{number:032x}"}
        stream.sendall(masked(json.dumps(hello).encode()))
        received(stream, b'"type":"ack"')
        return stream


def received(stream: socket.socket, mark: bytes) -> bytes:
    """What comes, until the mark is in it."""
    found = b""
    while mark not in found:
        data = stream.recv(65536)
        assert data, found
        found += data
    return found


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    found: list[Server] = []
    is_up, done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with opened(folder) as site:
            found.append(Server(site, asyncio.get_running_loop()))
            is_up.set()
            while not done.is_set():
                await asyncio.sleep(0.05)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert is_up.wait(PATIENCE)
        yield found[0]
    finally:
        done.set()
        thread.join(PATIENCE)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "phone.html").write_text("<!doctype html>" + "x" * 900)
    monkeypatch.setattr("chaosmonkey.api.routes.pages.FOLDER", pages)
    with served(tmp_path / "data") as found:
        yield found


def test_a_phone_makes_few_calls_of_functions(server: Server) -> None:
    costs: dict[str, float] = {}
    with ExitStack() as stack:
        kept = stack.enter_context(server.connect())
        for name, path in (("healthz", "/healthz"), ("page", "/play")):
            server.get(kept, path)
            costs[name] = server.calls(partial(requested, server, kept, path)) / REQUESTS
        streams: list[socket.socket] = []
        server.join(10_000).close()
        costs["join"] = (
            server.calls(lambda: streams.extend(map(server.join, range(PHONES)))) / PHONES
        )
        for stream in streams:
            stack.enter_context(stream)

        async def open_vote() -> str:
            answer = await server.site.client.post("/api/round/open", json={"mode": "vote"})
            return str(answer.json()["id"])

        async def cancel() -> None:
            await server.site.client.post("/api/round/cancel")

        def vote() -> None:
            ballot = {"id": 2, "do": "vote", "round": round_id, "machine": "node2"}
            for stream in streams:
                stream.sendall(masked(json.dumps(ballot).encode()))
            server.run(written(server.site))
            for stream in streams:
                received(stream, b'"id":2')

        voted: list[int] = []
        for _ in range(TIMES):
            round_id = server.run(open_vote())
            voted.append(server.counted(vote))
            server.run(cancel())
        idle = min(server.counted(lambda: None) for _ in range(TIMES))
        costs["vote"] = (min(voted) - idle) / PHONES

        def frame() -> None:
            server.run(send_to_all(server.site))

        sent = min(server.counted(frame) for _ in range(TIMES))
        costs["frame"] = (sent - idle) / PHONES
    found = {name: round(cost / costs["healthz"], 3) for name, cost in costs.items()}
    over = {name: found[name] for name, most in LIMITS.items() if found[name] > most}
    assert over == {}, found


def requested(server: Server, stream: socket.socket, path: str) -> None:
    """The same request again and again on one connection."""
    for _ in range(REQUESTS):
        server.get(stream, path)


async def send_to_all(site: Site) -> None:
    """One frame to every phone, as the stream sends it."""
    for phone in tuple(site.phones._listeners):
        phone.offer(b"\x81\x02{}")


async def written(site: Site) -> None:
    """Return when every phone has voted and the disk has it."""
    await until(lambda: len(site.room.current_round.box) == PHONES)
    recorder = site.app.state.context.round_recorder
    for looks in count():
        if not recorder._waiting:
            return
        if looks % 100 == 0:  # one is enough, mostly: the disk takes real time
            await site.table.clock.advance(1)
        await asyncio.sleep(0.005)
