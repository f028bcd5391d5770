"""Phones wait for each other, and nobody else for them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from starlette.types import Message, Receive, Scope, Send

from chaosmonkey.api.turnstile import PLACES, Turnstile

VOTE = "/api/play/vote"


class Application:
    """Notes who came, with what, and keeps them until it is told to go on."""

    def __init__(self) -> None:
        self.came: list[tuple[str, bytes]] = []
        self.go_on = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        self.came.append((scope["path"], body))
        await self.go_on.wait()


def request(*parts: bytes) -> Receive:
    messages: Iterator[Message] = iter(
        {"type": "http.request", "body": part, "more_body": at < len(parts) - 1}
        for at, part in enumerate(parts)
    )

    async def receive() -> Message:
        return next(messages)

    return receive


async def never() -> Message:
    return await asyncio.Future()


@asynccontextmanager
async def crowd() -> AsyncIterator[tuple[Application, "Asker"]]:
    app = Application()
    async with asyncio.TaskGroup() as tasks:
        asker = Asker(tasks, Turnstile(app))
        yield app, asker
        app.go_on.set()
        with asker.given_up():
            pass


class Asker:
    """Sends requests, one task each."""

    def __init__(self, tasks: asyncio.TaskGroup, turnstile: Turnstile) -> None:
        self._tasks = tasks
        self._turnstile = turnstile
        self._silent: list[asyncio.Task[None]] = []

    def ask(self, path: str, receive: Receive) -> None:
        scope = {"type": "http", "path": path}
        task = self._tasks.create_task(self._turnstile(scope, receive, never))
        if receive is never:
            self._silent.append(task)

    @contextmanager
    def given_up(self) -> Iterator[None]:
        yield
        for task in self._silent:
            task.cancel()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_phones_pass_a_few_at_a_time_in_the_order_in_which_they_came() -> None:
    async with crowd() as (app, asker):
        for number in range(3 * PLACES):
            asker.ask(VOTE, request(str(number).encode()))
        await settled()
        assert len(app.came) == PLACES
        app.go_on.set()
        await settled()
        assert [int(body) for _, body in app.came] == list(range(3 * PLACES))


async def test_halt_and_a_press_pass_by_whoever_waits() -> None:
    async with crowd() as (app, asker):
        for _ in range(3 * PLACES):
            asker.ask(VOTE, request(b""))
        for path in ("/halt", "/api/play/press"):
            asker.ask(path, request(b""))
        await settled()
        assert {path for path, _ in app.came} == {VOTE, "/halt", "/api/play/press"}


async def test_who_does_not_send_the_whole_request_takes_no_place() -> None:
    async with crowd() as (app, asker):
        for _ in range(3 * PLACES):
            asker.ask(VOTE, never)
        asker.ask(VOTE, request(b"who", b"le"))
        await settled()
        assert app.came == [(VOTE, b"whole")]
