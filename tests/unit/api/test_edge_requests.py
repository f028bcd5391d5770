"""What edges' phones request is carried out as if they were here; only a press must not be late."""

import asyncio
from typing import Any

import pytest

from chaosmonkey.api.edge_requests import LATE, EdgeRequests
from chaosmonkey.model import FeedState
from chaosmonkey.scale import LinkedRequest
from tests.patience import PATIENCE
from tests.sure import sure
from tests.unit.api._phones import opened, present
from tests.unit.api.conftest import Site

SEAT = "ab" * 16


class Edge:
    """An edge that passes on requests, and collects what it is answered."""

    def __init__(self, site: Site, *, trusted: bool = True) -> None:
        self._site = site
        self._requests = EdgeRequests(site.app.state.context, trusted=trusted)
        self.answers: list[tuple[dict[str, Any] | None, dict[str, Any] | None]] = []

    async def ask(
        self, do: str, *, seat: str = SEAT, age: float = 0.0, **body: Any
    ) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        clock = self._site.table.clock
        count = len(self.answers)
        self._requests.carry_out(
            LinkedRequest(
                edge="edge1",
                seat=seat,
                body={"id": 1, "do": do} | body,
                at=clock.now() - age,
                answer=lambda you, refused: self.answers.append((you, refused)),
            )
        )

        recorder = self._site.app.state.context.round_recorder
        async with asyncio.timeout(PATIENCE):
            while len(self.answers) == count:
                await asyncio.sleep(0.005)
                if recorder._waiting:  # time passes while there is something to write
                    await clock.advance(1)
        return self.answers[-1]


@pytest.fixture
async def edge(site: Site) -> Edge:
    return Edge(site)


def is_off(site: Site, machine: str) -> bool:
    return site.table.devices[machine].state is FeedState.OFF


async def test_a_vote_counts_once_and_its_answer_has_only_what_the_edge_does_not_know(
    site: Site, edge: Edge
) -> None:
    current = await opened(site, "vote")
    for _ in range(2):
        you, refused = await edge.ask("vote", round=current, machine="node2")
        assert you == {"round": current, "ticket": 1, "voted": "node2"}
        assert refused is None
    assert sure(site.room.current_round.round).tally == {"node2": 1}


async def test_who_reads_the_state_after_a_vote_sees_it_counted(site: Site, edge: Edge) -> None:
    current = await opened(site, "vote")
    for number in range(1, 4):
        await edge.ask("vote", seat=f"{number:032x}", round=current, machine="node2")
        state = (await site.client.get("/api/state")).json()["state"]
        assert state["rounds"]["round"]["entered"] == number


async def test_a_late_vote_counts(site: Site, edge: Edge) -> None:
    current = await opened(site, "vote")
    you, _ = await edge.ask("vote", age=60.0, round=current, machine="node2")
    assert sure(you)["voted"] == "node2"


async def test_a_late_press_cuts_nothing_and_the_next_one_does(site: Site, edge: Edge) -> None:
    current = await opened(site, "free", approve=False)
    _, refused = await edge.ask("press", age=LATE + 1, round=current, machine="node2")
    assert "too late" in sure(refused)["detail"]
    assert not is_off(site, "node2")
    you, refused = await edge.ask("press", age=LATE - 1, round=current, machine="node2")
    assert refused is None, refused
    assert sure(you)["ticket"] == 1
    assert is_off(site, "node2")


async def test_without_trust_a_press_on_an_edge_waits_for_the_presenter(site: Site) -> None:
    current = await opened(site, "free", approve=False)
    you, refused = await Edge(site, trusted=False).ask("press", round=current, machine="node2")
    assert (sure(you)["ticket"], refused) == (1, None)
    assert not is_off(site, "node2")
    await present(site, "approve")
    assert is_off(site, "node2")


async def test_the_audit_log_names_the_edge_of_a_press(site: Site, edge: Edge) -> None:
    current = await opened(site, "free", approve=False)
    await edge.ask("press", round=current, machine="node2")
    await site.table.clock.advance(1)
    rows = (await site.client.get("/api/audit")).json()
    assert [row["address"] for row in rows if row["command"] == "press node2"] == ["edge edge1"]


async def test_a_hello_of_an_edge_asks_for_what_the_seat_did(site: Site, edge: Edge) -> None:
    current = await opened(site, "vote")
    await edge.ask("vote", round=current, machine="node2")
    you, _ = await edge.ask("hello")
    assert sure(you)["voted"] == "node2"


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"do": "vote"}, "round"),
        ({"do": "nonsense"}, "do"),
        ({"do": "vote", "round": "x", "machine": "node2", "seat": "no"}, "no seat"),
    ],
)
async def test_nonsense_is_refused_and_says_where(
    edge: Edge, body: dict[str, Any], part: str
) -> None:
    _, refused = await edge.ask(**body)
    assert part in sure(refused)["detail"]
    assert sure(refused)["remedy"]


@pytest.mark.parametrize("do", ["vote", "press"])
async def test_a_failure_of_the_server_is_logged_and_answered(
    site: Site, edge: Edge, do: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise LookupError("a fault of ours")

    current = await opened(site, do if do == "vote" else "free", approve=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site.room, do, fail)
        _, refused = await edge.ask(do, round=current, machine="node2")
    assert (sure(refused)["status"], sure(refused)["remedy"]) == (500, "Try again.")
    assert "a fault of ours" in caplog.text
    _, refused = await edge.ask(do, round=current, machine="node2")
    assert refused is None
