"""A queue: first come, first served, one press each, and nobody's turn runs out for nothing."""

from dataclasses import replace

import pytest

from chaosmonkey.audience import transitions
from chaosmonkey.audience.modes import rules_of
from chaosmonkey.audience.modes.queue import call_next, in_line
from chaosmonkey.audience.rounds import Mode, RoundRefused, RoundState, TurnState
from tests.unit.audience.conftest import Hall

QUEUE = rules_of(Mode.QUEUE)


def says(hall: Hall) -> str:
    return QUEUE.status_text(
        hall.round, hall.current_round.eligibility(), lambda ticket: f"Ticket {ticket}"
    )


def pressed(hall: Hall, machine: str = "node3") -> None:
    """Whoever has the button cuts a machine."""
    turn = hall.turn
    hall.current_round.put(
        transitions.cut(transitions.cutting(hall.round, turn, machine), f"outage-{turn.ticket}")
    )


def test_the_first_one_has_the_button_at_once(hall: Hall) -> None:
    hall.open(Mode.QUEUE)
    assert says(hall) == "Line up with your phone: the first in line gets the button."
    assert hall.enter("ana", "ben", "cem", "ana") == [1, 2, 3, 1]
    assert hall.turn.ticket == 1
    assert in_line(hall.round) == 2


def test_the_next_one_is_called_when_the_cut_before_has_an_outcome(hall: Hall) -> None:
    hall.open(Mode.QUEUE)
    hall.enter("ana", "ben")
    pressed(hall)
    assert hall.turn.stage is TurnState.CUT
    assert says(hall) == (
        "Ticket 1 did it: node3 lost its power. "
        "The next turn comes after the recovery, once a machine may be cut again."
    )
    hall.current_round.outage_has_outcome("outage-1", 11.0)
    assert hall.round.past[-1].stage is TurnState.DONE
    assert hall.turn.ticket == 2


def test_a_cut_in_the_turn_under_way_is_not_denied_when_the_queue_is_cancelled(hall: Hall) -> None:
    hall.open(Mode.QUEUE)
    hall.enter("ana")
    pressed(hall)
    hall.current_round.cancel()
    assert says(hall) == "The presenter ended the queue. 1 press cut a machine."


@pytest.mark.parametrize("ending", [TurnState.VETOED, TurnState.REFUSED])
def test_a_press_that_cut_nothing_is_not_denied(hall: Hall, ending: TurnState) -> None:
    hall.open(Mode.QUEUE)
    hall.enter("ana")
    hall.current_round.close()
    hall.current_round.put(transitions.end_turn(hall.round, ending, 1000.0, "why"))
    assert hall.round.state is RoundState.OVER
    assert says(hall) == "The queue is over. No press cut a machine."


async def test_nobody_is_called_while_nothing_can_be_cut(hall: Hall) -> None:
    hall.open(Mode.QUEUE)
    hall.enter("ana", "ben")
    pressed(hall)
    hall.block()
    hall.current_round.outage_has_outcome("outage-1", 11.0)
    await hall.pass_time(100)
    assert hall.round.turn is None
    assert says(hall).endswith("The queue waits. Off now: node3.")
    hall.blocked = None
    hall.current_round.tick()
    assert hall.turn.ticket == 2


@pytest.mark.parametrize(
    "ending", [TurnState.VETOED, TurnState.REFUSED, TurnState.LATE, TurnState.SKIPPED]
)
def test_whoever_did_not_cut_had_the_turn_all_the_same(hall: Hall, ending: TurnState) -> None:
    hall.open(Mode.QUEUE)
    hall.enter("ana", "ben")
    hall.current_round.put(transitions.end_turn(hall.round, ending, 1000.0, "why"))
    assert hall.turn.ticket == 2
    assert hall.enter("ana") == [1]
    assert in_line(hall.round) == 0


def test_who_gave_up_the_place_is_passed_over(hall: Hall) -> None:
    hall.open(Mode.QUEUE)
    hall.enter("ana", "ben", "cem")
    hall.current_round.withdraw(hall.round.id, "ben")
    assert in_line(hall.round) == 1
    hall.current_round.put(call_next(hall.round, 1000.0))
    assert hall.turn.ticket == 3


def test_a_closed_queue_serves_those_who_wait_and_is_over(hall: Hall) -> None:
    hall.open(Mode.QUEUE)
    hall.enter("ana", "ben")
    hall.current_round.close()
    with pytest.raises(RoundRefused):
        hall.enter("cem")
    pressed(hall)
    hall.current_round.outage_has_outcome("outage-1", None)
    hall.current_round.put(call_next(hall.round, 1000.0))
    assert hall.round.state is RoundState.OVER
    assert says(hall) == "The queue is over. 1 press cut a machine."


def test_the_presenter_need_not_wait_for_an_outcome_and_the_cut_is_still_told(hall: Hall) -> None:
    hall.open(Mode.QUEUE)
    hall.enter("ana", "ben")
    pressed(hall)
    hall.current_round.put(call_next(hall.round, 1000.0))
    assert hall.turn.ticket == 2
    hall.current_round.outage_has_outcome("outage-1", 11.0)
    assert hall.round.past[-1].stage is TurnState.DONE
    assert hall.turn.ticket == 2


def test_nobody_is_passed_on_from_while_a_machine_is_being_cut(hall: Hall) -> None:
    hall.open(Mode.QUEUE)
    with pytest.raises(RoundRefused, match="The button is free"):
        call_next(hall.round, 1000.0)
    hall.enter("ana")
    cutting = transitions.cutting(hall.round, hall.turn, "node1")
    with pytest.raises(RoundRefused, match="being cut"):
        call_next(cutting, 1000.0)


def test_cancelling_in_mid_cut_keeps_the_cut_and_calls_nobody(hall: Hall) -> None:
    hall.open(Mode.QUEUE)
    hall.enter("ana", "ben")
    pressed(hall)
    hall.current_round.cancel()
    hall.current_round.outage_has_outcome("outage-1", 11.0)
    assert hall.round.turn is None
    assert hall.round.past[-1].stage is TurnState.DONE
    assert hall.round.state is RoundState.CANCELLED


def test_every_state_has_a_sentence(hall: Hall) -> None:
    hall.open(Mode.QUEUE)
    hall.enter("ana")
    for stage in TurnState:
        turn = replace(hall.turn, stage=stage, machine="node1", why="A rule.")
        assert QUEUE.status_text(
            replace(hall.round, turn=turn), hall.current_round.eligibility(), str
        )
