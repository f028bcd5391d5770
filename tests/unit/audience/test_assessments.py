"""Ballots of one slice share an assessment; whatever happens between two slices counts at once."""

import asyncio
from dataclasses import dataclass, field

from chaosmonkey.api.transport.work_queue import WorkQueue
from chaosmonkey.audience.assessments import Assessments
from chaosmonkey.audience.rounds import Mode
from chaosmonkey.control.rules import Facts
from chaosmonkey.control.safety import Safety
from tests.unit.audience.conftest import Hall, lab
from tests.unit.outage._scene import Scene


@dataclass
class Table:
    """The facts of a table, and how often they were gathered."""

    off: dict[str, float | None] = field(default_factory=dict)
    gathered: int = 0

    def facts(self) -> Facts:
        self.gathered += 1
        return Facts(Scene().tracker.world, dict(self.off), {}, now=1000.0, safety=Safety())


async def test_the_ballots_of_a_slice_share_the_facts_and_a_new_slice_gathers_them_again() -> None:
    table, work = Table(), WorkQueue()
    assessments = Assessments(lab(), facts=table.facts, current_slice=lambda: work.current_slice)
    found: list[tuple[int | None, bool]] = []

    def ballot() -> None:
        barred = assessments.bar("node1") is not None
        assert (assessments.bar("node2"), barred) == (None, bool(table.off))
        found.append((work.current_slice, barred))

    for _ in range(5):
        work.put(ballot)
    while len(found) < 5:
        await asyncio.sleep(0)
    slices = {number for number, _ in found}
    assert None not in slices
    assert table.gathered == len(slices)

    table.off = {"node1": None}  # a command or an event, between two slices
    work.put(ballot)
    while len(found) < 6:
        await asyncio.sleep(0)
    assert found[-1] == (max(number or 0 for number in slices) + 1, True)
    assert table.gathered == len(slices) + 1


def test_outside_a_slice_every_request_gathers_the_facts() -> None:
    table = Table()
    assessments = Assessments(lab(), facts=table.facts)
    assert assessments.bar("node1") is None
    table.off = {"node1": None}
    assert assessments.bar("node1") is not None
    assert table.gathered == 2


def test_whole_assessments_are_shared_by_a_slice_too_and_differ_by_round() -> None:
    hall, table = Hall(), Table()
    slices = iter((1, 1, 1, 2))
    assessments = Assessments(lab(), facts=table.facts, current_slice=lambda: next(slices))
    approved = hall.open(Mode.RAFFLE, approve=True)
    pressed = hall.open(Mode.RAFFLE, approve=False)
    first = assessments.of(approved)
    assert assessments.of(approved) is first
    assert first.blocked is None  # the presenter may arm the table first
    assert assessments.of(pressed).why_blocked
    assert assessments.of(approved) is not first
    assert table.gathered == 2


def test_an_entry_that_changes_only_the_counts_is_announced_as_that(hall: Hall) -> None:
    for mode in (Mode.VOTE, Mode.BET, Mode.RAFFLE):
        hall.open(mode, machine="node1")
        before = hall.changes, hall.counts
        hall.enter("ana", value={Mode.VOTE: "node1", Mode.BET: "12"}.get(mode, ""))
        assert (hall.changes, hall.counts) == (before[0], before[1] + 1), mode
    hall.open(Mode.QUEUE)
    before = hall.changes, hall.counts
    hall.enter("ana")  # she is called at once
    assert (hall.changes, hall.counts) == (before[0] + 1, before[1])
