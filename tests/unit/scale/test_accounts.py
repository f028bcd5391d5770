"""What a stolen credential of an edge can do: cast votes. Every other door is shut.

The accounts are those of chaosmonkey/scale/accounts.conf, on a real nats-server.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from chaosmonkey.scale import ConnectionTasks, LinkDown, Subjects, with_connection
from tests.nats import EDGE_PASSWORD
from tests.patience import PATIENCE, until
from tests.unit.scale._linked import Linked, linked

SUBJECTS = Subjects("table")
SEAT = "ef" * 16


class Thief:
    """A client with an edge's user and password."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.refusals: list[str] = []

    async def note(self, error: Exception) -> None:
        self.refusals.append(str(error))

    async def is_refused(self, what: str) -> None:
        """Return when NATS has refused something; it says so after the fact."""
        await self.client.flush()
        await until(lambda: any(what in refusal.lower() for refusal in self.refusals))


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Linked]:
    async with linked(tmp_path, "edge1") as found:
        await until(lambda: found.edges["edge1"].backend.ready)
        yield found


@pytest.fixture
async def thief(it: Linked) -> AsyncIterator[Thief]:
    client = Client()
    found = Thief(client)
    await client.connect(
        [it.nats.url], user="edge", password=EDGE_PASSWORD, error_cb=found.note,
        allow_reconnect=False,
    )  # fmt: skip
    yield found
    await client.close()


async def test_it_can_cast_a_vote(it: Linked, thief: Thief) -> None:
    body = {
        "number": 1, "seat": SEAT, "at": it.table.pace.now(),
        "request": {"id": 1, "do": "vote", "round": "round-1", "machine": "node1"},
    }  # fmt: skip
    await thief.client.request(
        SUBJECTS.requests("thief"), json.dumps(body).encode(), timeout=PATIENCE
    )
    await until(lambda: it.disk.votes == {SEAT: "node1"})


@pytest.mark.parametrize(
    "subject",
    [
        SUBJECTS.pulse,
        SUBJECTS.deltas,
        SUBJECTS.answers("edge1"),
        SUBJECTS.value("play"),
        SUBJECTS.value("seats"),
        SUBJECTS.value("lease"),
        "$JS.API.STREAM.LIST",
        f"$JS.API.STREAM.PURGE.{SUBJECTS.stream}",
        f"$JS.API.STREAM.DELETE.{SUBJECTS.stream}",
        f"$JS.API.STREAM.MSG.GET.{SUBJECTS.stream}",
        f"$JS.API.DIRECT.GET.{SUBJECTS.stream}",
        f"$JS.API.CONSUMER.CREATE.{SUBJECTS.stream}",
        f"$JS.ACK.{SUBJECTS.stream}.server.1.1.1.1.1",
    ],
)
async def test_it_cannot_publish_what_others_read_or_touch_a_stream(
    thief: Thief, subject: str
) -> None:
    await thief.client.publish(subject, b"{}")
    await thief.is_refused(f'publish to "{subject.lower()}"')


@pytest.mark.parametrize(
    "subject",
    [
        SUBJECTS.requests("*"),
        SUBJECTS.requests("edge1"),
        SUBJECTS.presence("*"),
        ">",
        "chaosmonkey.>",
        "$JS.>",
    ],
)
async def test_it_cannot_read_what_phones_request(thief: Thief, subject: str) -> None:
    await thief.client.subscribe(subject)
    await thief.is_refused(f'subscription to "{subject.lower()}"')


async def test_what_it_can_read_holds_no_seat_of_a_phone(it: Linked, thief: Thief) -> None:
    read: list[bytes] = []

    async def collect(message: Msg) -> None:
        read.append(message.data)

    for subject in (SUBJECTS.answers("*"), SUBJECTS.value("*"), SUBJECTS.pulse, SUBJECTS.deltas):
        await thief.client.subscribe(subject, cb=collect)
    await thief.client.flush()
    answers = it.edges["edge1"].vote(SEAT)
    await until(lambda: answers)
    await until(lambda: any(b'"voted"' in data for data in read))
    assert not any(SEAT.encode() in data for data in read)


async def test_an_answer_of_nats_cannot_be_sent_to_another_subject_by_it(
    it: Linked, thief: Thief
) -> None:
    """A reply subject of its choice would make NATS write to what others read."""
    edge = it.edges["edge1"]
    waiting = edge.vote(SEAT)
    await until(lambda: waiting)
    dropped = len(edge.outbox)
    for reply in (
        SUBJECTS.pulse,
        SUBJECTS.answers("edge1"),
        f"$JS.API.STREAM.DELETE.{SUBJECTS.stream}",
    ):
        await thief.client.publish(SUBJECTS.requests("thief"), b"{}", reply=reply)
    await thief.client.flush()
    await until(lambda: it.table.disk.votes)
    other = edge.vote("12" * 16)
    await until(lambda: other)
    assert len(edge.outbox) == dropped == 0


async def test_a_wrong_password_is_refused_and_the_reason_is_said(it: Linked) -> None:
    async def work(_client: Client, _tasks: ConnectionTasks) -> None:
        pytest.fail("it is connected")

    with pytest.raises(LinkDown, match="Authorization"):
        await with_connection(it.nats.settings("edge", "guess"), "thief", work)
