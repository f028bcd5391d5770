"""A table and its edges, over a real nats-server that is killed, frozen and started again."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from chaosmonkey.api.phone_messages import Ack, Refused
from chaosmonkey.audience.join_codes import CodeWanted
from chaosmonkey.clock import SystemClock
from chaosmonkey.edge.outbox import NotDelivered
from chaosmonkey.scale import ConnectionTasks, LinkDown, Subjects, TableLease, with_connection
from chaosmonkey.scale.lease import LeaseHolder
from chaosmonkey.scale.streams import create_streams
from tests.nats import a_nats_server
from tests.patience import until
from tests.unit.scale._linked import Linked, LinkedEdge, linked

SEAT, OTHER = "ab" * 16, "cd" * 16


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Linked]:
    async with linked(tmp_path, "edge1", "edge2") as found:
        for edge in found.edges.values():
            await ready(edge)
        yield found


def _shows(edge: LinkedEdge, part: bytes) -> bool:
    return part in (edge.phones.message or b"")


def _has_pods(edge: LinkedEdge, wanted: dict[str, Any]) -> bool:
    return edge.hub.shown("pods") == wanted


async def ready(edge: LinkedEdge) -> None:
    await until(lambda: edge.backend.ready and edge.table.lost_at is None)
    await until(lambda: edge.link.why == "")


async def acknowledged(answers: list[Ack | Refused]) -> Ack:
    await until(lambda: answers)
    (answer,) = answers
    assert isinstance(answer, Ack), answer
    return answer


async def refused(answers: list[Ack | Refused]) -> Refused:
    await until(lambda: answers)
    (answer,) = answers
    assert isinstance(answer, Refused), answer
    return answer


async def test_a_vote_on_an_edge_is_acknowledged_with_what_the_table_wrote(it: Linked) -> None:
    answer = await acknowledged(it.edges["edge1"].vote(SEAT))
    assert it.disk.votes == {SEAT: "node3"}
    assert (answer.you.seat, answer.you.voted, answer.you.ticket) == (SEAT, "node3", 1)


async def test_a_refusal_of_the_table_reaches_the_phone(it: Linked) -> None:
    await acknowledged(it.edges["edge1"].vote(SEAT))
    answer = await refused(it.edges["edge1"].vote(SEAT, "node1"))
    assert (answer.status, answer.detail) == (409, "You voted for node3.")


async def test_the_phones_message_reaches_every_edge_and_only_the_latest_counts(
    it: Linked,
) -> None:
    for title in ("one", "two", "three"):
        it.table.show(title)
    for edge in it.edges.values():
        await until(partial(_shows, edge, b"three"))


async def test_the_stage_is_the_same_on_every_edge(it: Linked) -> None:
    for number in range(50):
        it.table.hub.put("pods", f"pod{number % 7}", {"number": number})  # type: ignore[arg-type]
        if number % 5 == 0:
            _ = it.table.hub.state  # a delta of its own
    it.table.hub.put("pods", "pod3", None)
    wanted = it.table.hub.shown("pods")
    assert len(wanted) == 6
    for edge in it.edges.values():
        await until(partial(_has_pods, edge, wanted))


async def test_an_edge_that_starts_late_gets_the_stage_and_what_changes_meanwhile(
    it: Linked,
) -> None:
    it.table.hub.put("pods", "old", {"number": 1})  # type: ignore[arg-type]
    late = it.start_edge("edge3")
    it.table.hub.put("pods", "new", {"number": 2})  # type: ignore[arg-type]
    await until(lambda: set(late.hub.shown("pods")) == {"old", "new"})


async def test_the_same_vote_on_another_edge_counts_once_and_is_answered_there(it: Linked) -> None:
    await acknowledged(it.edges["edge1"].vote(SEAT))
    answer = await acknowledged(it.edges["edge2"].vote(SEAT))
    assert answer.you.voted == "node3"
    assert it.disk.votes == {SEAT: "node3"}


async def test_a_vote_while_the_server_is_down_is_kept_and_counted_when_it_is_back(
    it: Linked,
) -> None:
    await it.kill(it.table)
    edge = it.edges["edge1"]
    await until(lambda: edge.table.lost_at is not None)
    answers = edge.vote(SEAT)
    it.start_table()
    await acknowledged(answers)
    assert it.disk.votes == {SEAT: "node3"}


async def test_a_vote_survives_the_death_of_its_edge(it: Linked) -> None:
    await it.kill(it.table)
    edge = it.edges["edge1"]
    edge.vote(SEAT)
    await until(lambda: all(e.state == "published" for e in edge.outbox._entries.values()))
    await it.kill(edge)
    it.start_table()
    await until(lambda: it.disk.votes == {SEAT: "node3"})
    await acknowledged(it.edges["edge2"].vote(SEAT))  # the phone has moved, and sends it again
    assert it.disk.votes == {SEAT: "node3"}


async def test_a_vote_while_nats_is_dead_is_kept_on_the_edge(it: Linked) -> None:
    it.nats.kill()
    edge = it.edges["edge1"]
    await until(lambda: edge.table.lost_at is not None)
    answers = edge.vote(SEAT)
    await it.nats.start()
    await acknowledged(answers)
    assert it.disk.votes == {SEAT: "node3"}


async def test_a_vote_in_a_partition_arrives_when_it_is_over(it: Linked) -> None:
    edge = it.edges["edge1"]
    it.nats.freeze()
    answers = edge.vote(SEAT)
    await until(lambda: edge.table.lost_at is not None)
    it.nats.thaw()
    await acknowledged(answers)
    assert it.disk.votes == {SEAT: "node3"}


async def test_phones_and_stages_are_told_when_the_link_is_down_and_when_it_is_back(
    it: Linked,
) -> None:
    it.table.hub.put("show", "show", {"wifi": "hall", "table_lost_at": None})  # type: ignore[arg-type]
    edge = it.edges["edge1"]
    await until(lambda: edge.hub.shown("show"))
    assert edge.hub.shown("show")["show"]["wifi"] == ""
    it.nats.kill()
    await until(lambda: b'"table_lost_at":null' not in (edge.phones.message or b""))
    assert edge.hub.shown("show")["show"]["table_lost_at"] is not None
    await it.nats.start()
    await until(lambda: b'"table_lost_at":null' in (edge.phones.message or b""))
    assert edge.hub.shown("show")["show"]["table_lost_at"] is None


async def test_codes_are_checked_on_the_edge_and_a_newer_one_not_while_the_link_is_down(
    it: Linked,
) -> None:
    it.table.codes = ("KTX4P", "CDFGH")
    backend = it.edges["edge1"].backend
    await until(lambda: it.edges["edge1"].table.rules == it.table.seat_rules())
    backend.check_code("ktx 4p")
    with pytest.raises(CodeWanted):
        backend.check_code("JKMNP")
    await it.kill(it.table)
    await until(lambda: it.edges["edge1"].table.lost_at is not None)
    backend.check_code("KTX4P")
    with pytest.raises(NotDelivered, match="cannot be checked"):
        backend.check_code("JKMNP")
    with pytest.raises(CodeWanted):
        backend.check_code(None)


async def test_a_press_is_not_kept_while_the_link_is_down(it: Linked) -> None:
    await it.kill(it.table)
    edge = it.edges["edge1"]
    await until(lambda: edge.table.lost_at is not None)
    with pytest.raises(NotDelivered, match="a press is not kept"):
        edge.press(SEAT)
    it.start_table()
    await ready(edge)
    assert it.disk.presses == []


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Edges on a slow machine repeat nothing before its time, and give no press up."""
    monkeypatch.setattr("chaosmonkey.edge.outbox.AGAIN", 300.0)


@pytest.mark.usefixtures("patient")
async def test_a_second_press_of_the_same_machine_is_another_press(it: Linked) -> None:
    await acknowledged(it.edges["edge1"].press(SEAT))
    await acknowledged(it.edges["edge1"].press(SEAT))
    assert it.disk.presses == [SEAT, SEAT]


@pytest.mark.usefixtures("patient")
async def test_a_request_that_is_repeated_again_and_again_is_published_twice_each_time(
    it: Linked,
) -> None:
    edge = it.edges["edge1"]
    for _ in range(4):
        answers = edge.vote(SEAT)
        (entry,) = edge.outbox._entries.values()
        await acknowledged(answers)
        assert entry.attempt <= 1
    assert it.disk.carried_out[SEAT] == 4


async def test_a_press_that_nats_did_not_confirm_is_never_sent_again(it: Linked) -> None:
    edge = it.edges["edge1"]
    it.nats.kill()
    answer = await refused(edge.press(SEAT))
    assert answer.rule == "link"
    await it.nats.start()
    await ready(edge)
    await acknowledged(edge.vote(OTHER))
    assert it.disk.presses == []


async def test_a_second_server_keeps_its_hands_off_while_the_first_renews_its_lease(
    it: Linked,
) -> None:
    first = it.table
    second = it.start_table(owner="two")
    await until(lambda: "another server" in second.edges.view.why)
    assert first.edges.view.connected
    await acknowledged(it.edges["edge1"].vote(SEAT))
    await it.kill(first)
    await until(lambda: second.edges.view.connected)
    second.show("second")
    await until(lambda: b"second" in (it.edges["edge1"].phones.message or b""))


class CountingClock(SystemClock):
    """Counts how often somebody waits."""

    sleeps = 0

    async def sleep(self, seconds: float) -> None:
        self.sleeps += 1
        await super().sleep(seconds)


@pytest.mark.parametrize(("owner", "waits"), [("one", False), ("two", True)])
async def test_the_same_server_restarted_takes_its_table_at_once_and_another_waits(
    tmp_path: Path, owner: str, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaosmonkey.scale.lease.EXPIRES", 0.5)
    monkeypatch.setattr("chaosmonkey.scale.lease.POLL", 0.1)
    clock = CountingClock()

    async def work(client: Client, _: ConnectionTasks) -> None:
        bucket = await create_streams(client.jetstream(), Subjects("table"))
        first = TableLease(owner="one", instance="1", host="here")
        await LeaseHolder(first, SystemClock()).take(bucket)
        again = TableLease(owner=owner, instance="2", host="here")
        await LeaseHolder(again, clock).take(bucket)
        raise LinkDown("both have taken it")

    with a_nats_server(tmp_path) as nats:
        await nats.start()
        with pytest.raises(LinkDown, match="both"):
            await with_connection(nats.settings("table"), "test", work)
    assert bool(clock.sleeps) is waits


async def test_the_console_shows_whom_each_edge_serves_and_why_the_link_is_down(
    it: Linked,
) -> None:
    with it.edges["edge1"].presence.seated(SEAT):
        await until(lambda: it.table.edges.phones == 1)
        shown = {edge.name: edge.phones for edge in it.table.edges.view.edges}
        assert shown == {"edge1": 1, "edge2": 0}
    await it.kill(it.edges["edge2"])
    await until(lambda: [edge.name for edge in it.table.edges.view.edges] == ["edge1"])
    it.nats.kill()
    await until(lambda: not it.table.edges.view.connected)
    assert it.table.edges.view.why
    assert it.table.edges.phones == 0
