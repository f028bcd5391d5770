"""Requests begin a few at a time, addresses take turns, and HALT waits for nobody else."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from starlette.types import Message, Receive, Scope, Send

from chaosmonkey.api.middleware.concurrency import EACH_ROUND, PLACES, PRESS, USER, RequestScheduler

VOTE = "/api/play/vote"


class Application:
    """Notes who came, and keeps them until it is told to go on."""

    def __init__(self) -> None:
        self.came: list[tuple[str, str]] = []
        self.go_on = asyncio.Event()
        self.answers = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.came.append((scope["client"][0], scope["path"]))
        if self.answers:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.go_on.wait()


class Hall:
    """Sends requests, one task each."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self.app = Application()
        self._tasks = tasks
        self._turnstile = RequestScheduler(self.app)

    def ask(
        self,
        path: str,
        *,
        of: str = "10.0.0.1",
        kind: str = "http",
        body: Receive | None = None,
        user: str | None = None,
    ) -> asyncio.Task[None]:
        scope: Scope = {"type": kind, "path": path, "client": (of, 1)}
        if user is not None:
            scope[USER] = user
        return self._tasks.create_task(self._turnstile(scope, body or empty, unread))


async def empty() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def never() -> Message:
    return await asyncio.Future()


async def unread(message: Message) -> None:
    """A client that does not read its answer."""
    await asyncio.Future()


@asynccontextmanager
async def hall() -> AsyncIterator[Hall]:
    async with asyncio.TaskGroup() as tasks:
        opened = Hall(tasks)
        yield opened
        opened.app.go_on.set()


async def rounds(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_in_each_round_a_few_begin_in_the_order_in_which_they_came() -> None:
    async with hall() as at:
        for number in range(4 * EACH_ROUND):
            at.ask(f"/api/outages/{number}")
        begun = [0]
        while begun[-1] < 4 * EACH_ROUND:
            await rounds(1)
            begun.append(len(at.app.came))
        assert max(after - before for before, after in pairwise(begun)) <= (EACH_ROUND)
        assert [path.rpartition("/")[2] for _, path in at.app.came] == [
            str(number) for number in range(4 * EACH_ROUND)
        ]


async def test_nobody_waits_for_those_who_are_not_answered_yet() -> None:
    async with hall() as at:
        for _ in range(EACH_ROUND):
            at.ask("/kill/node3")
        await rounds(3)
        at.ask("/healthz")
        await rounds(3)
        assert ("10.0.0.1", "/healthz") in at.app.came


@pytest.mark.parametrize("path", ["/halt", "/restore", "/restore/node3", "/pi/halt"])
async def test_what_gives_power_back_begins_before_all_that_waits(path: str) -> None:
    async with hall() as at:
        for _ in range(100 * EACH_ROUND):
            at.ask(VOTE)
        await rounds(2)
        at.ask(path)
        await rounds(2)
        assert ("10.0.0.1", path) in at.app.came
        assert len(at.app.came) < 10 * EACH_ROUND


async def test_while_halt_is_under_way_others_begin_one_at_a_time() -> None:
    async with hall() as at:
        at.ask("/halt")
        for _ in range(4 * EACH_ROUND):
            at.ask("/api/outages")
        await rounds(2)
        before = len(at.app.came)
        await rounds(EACH_ROUND)
        assert 0 < len(at.app.came) - before <= EACH_ROUND


async def test_one_address_with_many_requests_lets_another_one_in_by_turns() -> None:
    async with hall() as at:
        for _ in range(100 * EACH_ROUND):
            at.ask("/api/outages")
        await rounds(2)
        for _ in range(EACH_ROUND):
            at.ask("/console", of="10.0.0.2")
        await rounds(6)
        came = Counter(address for address, _ in at.app.came)
        assert came["10.0.0.2"] == EACH_ROUND


async def test_a_flood_of_halts_of_strangers_lets_the_presenters_through_by_turns() -> None:
    async with hall() as at:
        for _ in range(100 * EACH_ROUND):
            at.ask("/halt")
        await rounds(2)
        at.ask("/halt", of="10.0.0.2")
        await rounds(3)
        assert ("10.0.0.2", "/halt") in at.app.came


async def test_users_of_this_machine_begin_at_once() -> None:
    async with hall() as at:
        for _ in range(100 * EACH_ROUND):
            at.ask("/halt")
        at.ask("/api/state", of="", user="pi")
        await rounds(1)
        assert ("", "/api/state") in at.app.came


async def test_handshakes_of_websockets_wait_for_their_turn_as_well() -> None:
    async with hall() as at:
        for _ in range(3 * EACH_ROUND):
            at.ask("/ws", kind="websocket")
        await rounds(1)
        assert len(at.app.came) <= EACH_ROUND
        await rounds(6)
        assert len(at.app.came) == 3 * EACH_ROUND


async def test_only_a_few_votes_are_in_progress_and_halt_passes_them() -> None:
    async with hall() as at:
        for _ in range(4 * PLACES):
            at.ask(VOTE)
        at.ask(PRESS)
        at.ask("/halt")
        await rounds(6 * PLACES)
        came = Counter(path for _, path in at.app.came)
        assert came == {VOTE: PLACES, PRESS: 1, "/halt": 1}
        at.app.go_on.set()
        await rounds(20 * PLACES)
        assert Counter(path for _, path in at.app.came)[VOTE] == 4 * PLACES


async def test_a_vote_whose_answer_is_not_read_holds_no_place() -> None:
    async with hall() as at:
        at.app.answers = True
        slow = [at.ask(VOTE) for _ in range(2 * PLACES)]
        await rounds(20)
        assert len(at.app.came) == 2 * PLACES
        for task in slow:
            task.cancel()


async def test_a_vote_that_is_not_sent_to_its_end_holds_no_place() -> None:
    async with hall() as at:
        slow = [at.ask(VOTE, body=never) for _ in range(2 * PLACES)]
        at.ask("/api/play/guess")
        await rounds(20)
        assert at.app.came == [("10.0.0.1", "/api/play/guess")]
        for task in slow:
            task.cancel()


async def test_who_leaves_while_waiting_takes_nobodys_turn() -> None:
    async with hall() as at:
        left = [at.ask(f"/gone/{number}") for number in range(4 * EACH_ROUND)][EACH_ROUND:]
        await rounds(1)
        for task in left:
            task.cancel()
        at.ask("/healthz")
        await rounds(3)
        assert ("10.0.0.1", "/healthz") in at.app.came
