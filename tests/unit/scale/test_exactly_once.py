"""Whatever dies in whatever order, every seat's vote counts once and is answered."""

import asyncio
import tempfile
from functools import partial
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from chaosmonkey.api.phone_messages import Ack, Refused
from tests.patience import until
from tests.unit.scale._linked import Linked, LinkedEdge, linked

EDGES = ("edge1", "edge2")
SEATS = [f"{number:032x}" for number in range(1, 7)]

STEP = st.one_of(
    st.tuples(st.just("vote"), st.sampled_from(SEATS), st.sampled_from(EDGES)),
    st.tuples(st.just("nats dies")),
    st.tuples(st.just("nats starts")),
    st.tuples(st.just("server dies")),
    st.tuples(st.just("server starts")),
    st.tuples(st.just("edge restarts"), st.sampled_from(EDGES)),
    st.tuples(st.just("time passes")),
)


def is_linked(edge: LinkedEdge) -> bool:
    return edge.backend.ready and edge.table.lost_at is None


class Hall:
    """Phones that send again what was not answered, as the page does, on whatever edge is there."""

    def __init__(self, it: Linked) -> None:
        self._it = it
        self._server_runs = True
        self.answers: dict[str, list[list[Ack | Refused]]] = {}

    async def step(self, what: str, *about: str) -> None:
        it = self._it
        match what:
            case "vote":
                seat, edge = about
                if it.edges[edge].backend.ready:
                    self.answers.setdefault(seat, []).append(it.edges[edge].vote(seat))
            case "nats dies":
                it.nats.kill()
            case "nats starts":
                await it.nats.start()
            case "server dies" if self._server_runs:
                await it.kill(it.table)
                self._server_runs = False
            case "server starts" if not self._server_runs:
                it.start_table()
                self._server_runs = True
            case "edge restarts":
                (name,) = about
                await it.kill(it.edges[name])
                it.start_edge(name)
            case "time passes":
                await asyncio.sleep(0.1)
            case _:
                pass  # what is dead cannot die

    async def heal(self) -> None:
        """Everything runs again; phones whose edge died vote again on another."""
        await self.step("nats starts")
        await self.step("server starts")
        for edge in self._it.edges.values():
            await until(partial(is_linked, edge))
        for number, (seat, tries) in enumerate(self.answers.items()):
            if not any(tries):
                tries.append(self._it.edges[EDGES[number % 2]].vote(seat))


async def play(folder: Path, steps: list[tuple[str, ...]]) -> None:
    async with linked(folder, *EDGES) as it:
        for edge in it.edges.values():
            await until(partial(is_linked, edge))
        hall = Hall(it)
        for step in steps:
            await hall.step(*step)
        await hall.heal()
        for tries in hall.answers.values():
            await until(partial(any, tries))
            for answers in tries:
                assert len(answers) <= 1
                assert all(isinstance(answer, Ack) for answer in answers), answers
        assert it.disk.votes == dict.fromkeys(hall.answers, "node3")


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(STEP, min_size=3, max_size=14))
def test_every_vote_counts_once_whatever_dies(steps: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder), steps))
