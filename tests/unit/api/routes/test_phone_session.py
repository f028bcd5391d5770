"""A phone plays over its websocket: every request has one answer, and counts once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from chaosmonkey.api.phone_session import PATIENCE as MESSAGES_TOO_MANY
from chaosmonkey.config import Audience
from chaosmonkey.errors import StoreFailed
from chaosmonkey.model import FeedState
from chaosmonkey.store import Rounds
from tests.patience import PATIENCE, connect, until
from tests.sure import sure
from tests.unit.api._phones import opened, present
from tests.unit.api.conftest import Site
from tests.unit.api.conftest import opened as opened_site


class SocketPhone:
    """A phone that does everything over one websocket."""

    def __init__(self, site: Site, socket: Connection) -> None:
        self._site = site
        self._socket = socket
        self._count = 0

    async def send(self, do: str, **body: Any) -> int:
        self._count += 1
        await self._socket.send(orjson.dumps({"id": self._count, "do": do} | body).decode())
        return self._count

    async def next(self, *types: str) -> dict[str, Any]:
        """The next message of one of these types."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found: dict[str, Any] = orjson.loads(await self._socket.recv())
                if found["type"] in types:
                    return found

    async def answer(self) -> dict[str, Any]:
        """The next answer, past what the stream sends."""
        return await self.next("ack", "refused")

    async def ask(self, do: str, **body: Any) -> dict[str, Any]:
        """Send a request and return its answer, once the disk has had its time."""
        number = await self.send(do, **body)
        found = await self.answer_in_time()
        assert found["id"] == number
        return found

    async def answer_in_time(self) -> dict[str, Any]:
        """The next answer; time passes while there is something to write."""
        recorder = self._site.app.state.context.round_recorder
        async with asyncio.TaskGroup() as tasks:
            answer = tasks.create_task(self.answer())
            while not answer.done():
                await asyncio.sleep(0.005)
                if recorder._waiting:
                    await self._site.table.clock.advance(1)
        return answer.result()

    async def do(self, do: str, **body: Any) -> dict[str, Any]:
        answer = await self.ask(do, **body)
        assert answer["type"] == "ack", answer
        return answer

    async def refused(self, do: str, **body: Any) -> dict[str, Any]:
        answer = await self.ask(do, **body)
        assert answer["type"] == "refused", answer
        assert answer["remedy"]
        return answer


@asynccontextmanager
async def phone(
    site: Site, seat: str = "ab" * 16, *, address: str = "127.0.0.1", **hello: Any
) -> AsyncIterator[SocketPhone]:
    url = site.url.replace("http", "ws") + "/ws/play"
    async with connect(url, local_addr=(address, 0)) as socket:
        found = SocketPhone(site, socket)
        if seat:
            await found.do("hello", seat=seat, **hello)
        yield found


def tally(site: Site) -> Mapping[str, int]:
    return sure(site.room.current_round.round).tally


@pytest.fixture
async def coded(tmp_path: Path) -> AsyncIterator[Site]:
    async with opened_site(tmp_path, audience=Audience(nicknames=True)) as found:
        yield found


async def test_a_seat_needs_the_code_once_and_its_proof_from_then_on(coded: Site) -> None:
    code = coded.hub.shown("show")["show"].join_code
    async with phone(coded, "") as new:
        refused = await new.refused("hello", seat="ab" * 16)
        assert (refused["rule"], refused["status"]) == ("code", 403)
        answer = await new.do("hello", seat="ab" * 16, code=code)
        assert answer["you"]["seat"] == "ab" * 16
        await until(lambda: coded.hub.shown("show")["show"].phones == 1)
    await until(lambda: coded.hub.shown("show")["show"].phones == 0)
    async with phone(coded, "") as back:
        found = await back.do("hello", proof=answer["proof"])
        assert found["you"]["seat"] == "ab" * 16
    async with phone(coded, "") as forger:
        refused = await forger.refused("hello", proof=answer["proof"][:-1] + "x")
        assert refused["rule"] == "code"


async def test_the_proof_of_a_seat_holds_from_another_address(coded: Site) -> None:
    code = coded.hub.shown("show")["show"].join_code
    current = await opened(coded, "vote")
    async with phone(coded, "") as wifi:
        proof = (await wifi.do("hello", seat="ab" * 16, code=code))["proof"]
        await wifi.do("vote", round=current, machine="node2")
    async with phone(coded, "", address="127.0.0.2") as mobile_data:
        found = await mobile_data.do("hello", seat="ab" * 16, proof=proof)
        assert (found["you"]["seat"], found["you"]["voted"]) == ("ab" * 16, "node2")


async def test_a_ping_gets_a_pong_without_a_seat_and_while_the_disk_fails(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StoreFailed("The disk is full.", remedy="Make room.")

    current = await opened(site, "vote")
    async with phone(site) as ana, phone(site, "") as new:
        with monkeypatch.context() as patched:
            patched.setattr(Rounds, "add", full)
            await ana.send("vote", round=current, machine="node2")
            await until(lambda: tally(site) == {"node2": 1})
            for pinging in (ana, new):
                number = await pinging.send("ping")
                assert await pinging.next("pong") == {"type": "pong", "id": number}
        assert (await ana.answer_in_time())["type"] == "ack"


async def test_without_a_seat_nothing_is_counted(site: Site) -> None:
    current = await opened(site, "vote")
    async with phone(site, "") as stranger:
        refused = await stranger.refused("vote", round=current, machine="node2")
        assert (refused["rule"], refused["status"]) == ("seat", 401)
    assert len(site.room.current_round.box) == 0


async def test_a_vote_is_acknowledged_when_it_is_on_the_disk_and_not_before(site: Site) -> None:
    current = await opened(site, "vote")
    async with phone(site) as ana:
        number = await ana.send("vote", round=current, machine="node2")
        await until(lambda: len(site.room.current_round.box) == 1)
        await ana._socket.send("no JSON")
        assert (await ana.answer())["type"] == "refused", "the ack did not wait"
        await site.table.clock.advance(1)
        answer = await ana.answer()
        assert (answer["type"], answer["id"]) == ("ack", number)
        assert (answer["you"]["ticket"], answer["you"]["voted"]) == (1, "node2")
        kept = await site.app.state.context.round_recorder._rounds.entries(current)
        assert [(entry.ticket, entry.value) for entry in kept] == [(1, "node2")]


async def test_while_the_disk_fails_a_vote_counts_and_waits_for_its_ack(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StoreFailed("The disk is full.", remedy="Make room.")

    current = await opened(site, "vote")
    async with phone(site) as ana:
        with monkeypatch.context() as patched:
            patched.setattr(Rounds, "add", full)
            await ana.send("vote", round=current, machine="node2")
            await until(lambda: tally(site) == {"node2": 1})
            await site.table.clock.advance(20)
        assert (await ana.answer_in_time())["type"] == "ack"


@pytest.mark.parametrize("do", ["leave", "name"])
async def test_what_is_no_entry_is_on_the_disk_before_its_ack_too(coded: Site, do: str) -> None:
    code = coded.hub.shown("show")["show"].join_code
    current = await opened(coded, "queue")
    body = {"name": "Ana"} if do == "name" else {"round": current}
    async with phone(coded, code=code) as ana:
        await ana.do("enter", round=current)
        await ana.send(do, **body)
        await ana._socket.send("no JSON")
        assert (await ana.answer())["type"] == "refused", "the ack did not wait"
        assert (await ana.answer_in_time())["type"] == "ack"


async def test_a_hello_that_is_read_after_its_phone_has_left_leaves_no_phone_behind(
    site: Site,
) -> None:
    context = site.app.state.context
    async with phone(site, ""):
        (connection,) = site.phones._listeners
        receive = sure(connection._on_message)  # type: ignore[attr-defined]
    await until(lambda: not site.phones.listening)
    receive(orjson.dumps({"id": 1, "do": "hello", "seat": "ab" * 16}))
    await until(lambda: not context.phone_work._work)
    assert context.presence.count("phone") == 0


async def test_a_repeated_vote_is_acknowledged_again_and_counts_once(site: Site) -> None:
    current = await opened(site, "vote")
    async with phone(site) as ana:
        await ana.do("vote", round=current, machine="node2")
    async with phone(site) as again:
        assert (await again.do("vote", round=current, machine="node2"))["you"]["ticket"] == 1
        refused = await again.refused("vote", round=current, machine="node3")
        assert "You voted for node2" in refused["detail"]
    assert tally(site) == {"node2": 1}


async def test_a_raffle_is_played_from_ticket_to_press(site: Site) -> None:
    current = await opened(site, "raffle", approve=False)
    async with phone(site) as ana:
        assert (await ana.do("enter", round=current))["you"]["ticket"] == 1
        early = await ana.refused("press", round=current, machine="node2")
        assert early["status"] == 409
        await present(site, "close")
        await ana.do("here", round=current)
        await ana.do("press", round=current, machine="node2")
        assert site.table.devices["node2"].state is FeedState.OFF
        rows = (await site.client.get("/api/audit")).json()
        presses = [row for row in rows if row["command"] == "press node2"]
        assert [row["accepted"] for row in presses] == [True, False]
        assert presses[0]["who"].startswith("seat ")


async def test_a_guess_a_place_given_up_and_a_name(coded: Site) -> None:
    code = coded.hub.shown("show")["show"].join_code
    async with phone(coded, code=code) as ana:
        assert (await ana.do("name", name="Ana"))["you"]["name"] == "Ana"
        bet = await opened(coded, "bet", machine="node2")
        assert (await ana.do("guess", round=bet, seconds=12.5))["you"]["guess"] == 12.5
        queue = await opened(coded, "queue")
        await ana.do("enter", round=queue)
        assert (await ana.do("leave", round=queue))["you"]["withdrawn"]


@pytest.mark.parametrize(
    ("message", "number", "detail"),
    [
        ("no JSON", None, "the message: Invalid JSON"),
        ('{"do": "vote", "round": "r", "machine": "m"}', None, "vote.id: Field required"),
        ('{"id": 7, "do": "reboot"}', 7, "do"),
        ('{"id": 7, "do": "vote", "round": "r"}', 7, "vote.machine: Field required"),
        ('{"id": 7, "do": "guess", "round": "r", "seconds": -1}', 7, "guess.seconds"),
        ('{"id": 7, "do": "here", "round": "r", "more": 1}', 7, "more"),
        ("[]", None, "the message"),
    ],
)
async def test_what_is_no_request_is_refused_with_where_and_what(
    site: Site, message: str, number: int | None, detail: str
) -> None:
    async with phone(site) as ana:
        await ana._socket.send(message)
        answer = await ana.answer()
        assert (answer["type"], answer["id"], answer["status"]) == ("refused", number, 422)
        assert detail in answer["detail"]
        assert "docs/protocol.md" in answer["remedy"]


async def test_a_phone_that_sends_too_often_is_refused_and_then_shown_out(site: Site) -> None:
    current = await opened(site, "vote")
    async with phone(site) as ana:
        await site.table.clock.advance(5)
        for _ in range(10):
            await ana.send("here", round="another")
        await ana.send("vote", round=current, machine="node2")
        answers = [await ana.answer() for _ in range(11)]
        assert [answer["status"] for answer in answers] == [409] * 10 + [429]
        await site.table.clock.advance(5)
        await ana.do("vote", round=current, machine="node2")
        with contextlib.suppress(ConnectionClosed):
            for _ in range(20 + MESSAGES_TOO_MANY):
                await ana.send("here", round="another")
        with contextlib.suppress(ConnectionClosed):
            while True:
                await ana.answer()
        assert ana._socket.close_code == 1008


async def test_five_hundred_votes_at_once_all_count_and_others_have_their_turn_in_between(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In slices without length, each vote has a turn of the event loop of its own."""
    monkeypatch.setattr("chaosmonkey.api.transport.work_queue.SLICE", 0.0)
    current = await opened(site, "vote")
    context = site.app.state.context
    counted, turns = 0, 0

    def vote(who: str) -> None:
        nonlocal counted
        counted = site.room.vote(current, who, "node2").ticket

    for number in range(500):
        context.phone_work.put(partial(vote, context.seats.who(f"{number:032x}")))
    while counted < 500:
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 499, "one turn took several votes"
    assert tally(site) == {"node2": 500}
