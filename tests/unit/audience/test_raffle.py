"""A raffle: drawn by a seed that everybody can check, and drawn again when nobody presses."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.audience import transitions
from chaosmonkey.audience.draw import commitment, draw
from chaosmonkey.audience.modes import rules_of
from chaosmonkey.audience.modes.raffle import draw_again
from chaosmonkey.audience.rounds import Mode, RoundRefused, RoundState, TurnState
from tests.unit.audience.conftest import SEED, Hall

RAFFLE = rules_of(Mode.RAFFLE)


def entered(hall: Hall, number: int) -> None:
    hall.open(Mode.RAFFLE)
    hall.enter(*(f"seat-{at}" for at in range(number)))


def says(hall: Hall) -> str:
    return RAFFLE.status_text(
        hall.round, hall.current_round.eligibility(), lambda ticket: f"Ticket {ticket}"
    )


def anybody(seed: str, tickets: int, without: set[int]) -> int:
    """What somebody in the room types: nothing of ours is used."""
    left = [ticket for ticket in range(1, tickets + 1) if ticket not in without]
    return min(left, key=lambda t: hashlib.sha256(f"{seed}:{t}".encode()).hexdigest())


@given(st.text(min_size=1), st.integers(1, 60), st.sets(st.integers(1, 60), max_size=5))
def test_a_draw_is_reproducible_from_what_is_public_whatever_the_order(
    seed: str, tickets: int, without: set[int]
) -> None:
    left = [str(one) for one in range(1, tickets + 1) if one not in without]
    if left:
        drawn = draw(seed, left)
        assert drawn == draw(seed, reversed(left)) == str(anybody(seed, tickets, without))
        assert commitment(seed) == hashlib.sha256(seed.encode()).hexdigest()


def test_at_the_close_a_ticket_is_drawn_and_has_the_button(hall: Hall) -> None:
    entered(hall, 12)
    assert hall.round.turn is None
    assert not hall.round.drawn
    assert says(hall) == "Enter with your phone: one of you gets the button. 12 tickets so far."
    hall.current_round.close()
    winner = anybody(SEED, 12, set())
    assert hall.turn.ticket == winner
    assert hall.round.drawn
    assert says(hall) == f"Ticket {winner} was drawn and has the button."


async def test_whoever_is_away_is_followed_by_the_next_until_nobody_is_left(hall: Hall) -> None:
    entered(hall, 3)
    hall.current_round.close()
    order = []
    while hall.round.turn is not None:
        order.append(hall.turn.ticket)
        await hall.pass_time(30)
    first = anybody(SEED, 3, set())
    assert order[:2] == [first, anybody(SEED, 3, {first})]
    assert sorted(order) == [1, 2, 3]
    assert hall.round.state is RoundState.OVER
    assert says(hall).startswith("Every ticket was drawn, and no press cut a machine.")


def test_whoever_gave_the_place_up_is_not_drawn(hall: Hall) -> None:
    entered(hall, 5)
    winner = anybody(SEED, 5, set())
    hall.current_round.withdraw(hall.round.id, f"seat-{winner - 1}")
    with pytest.raises(RoundRefused, match="You gave up your place"):
        hall.enter(f"seat-{winner - 1}")
    hall.current_round.close()
    assert hall.turn.ticket == anybody(SEED, 5, {winner})


def test_whoever_gives_the_button_back_is_followed_by_the_next(hall: Hall) -> None:
    entered(hall, 2)
    hall.current_round.close()
    first = hall.turn.ticket
    hall.current_round.withdraw(hall.round.id, f"seat-{first - 1}")
    assert hall.round.past[-1].stage is TurnState.LEFT
    assert hall.turn.ticket == 3 - first


def test_the_presenter_draws_again_also_after_a_veto(hall: Hall) -> None:
    entered(hall, 3)
    with pytest.raises(RoundRefused, match="nothing to draw again"):
        draw_again(hall.round, 1000.0)
    hall.current_round.close()
    first = hall.turn.ticket
    hall.current_round.put(draw_again(hall.round, 1000.0))
    second = hall.turn.ticket
    assert second != first
    asking = transitions.request_approval(hall.round, hall.turn, "node1", 1000.0)
    hall.current_round.put(transitions.end_turn(asking, TurnState.VETOED, 1000.0))
    assert hall.round.turn is None
    assert says(hall) == ("The presenter said no: node1 was not cut. The presenter may draw again.")
    hall.current_round.put(draw_again(hall.round, 1000.0))
    assert hall.turn.ticket not in (first, second)


def test_nobody_entered_and_nothing_is_drawn(hall: Hall) -> None:
    entered(hall, 0)
    hall.current_round.close()
    assert hall.round.turn is None
    assert hall.round.state is RoundState.OVER
    assert says(hall) == "Closed without entries. Nothing was drawn."


def test_entering_twice_is_one_ticket(hall: Hall) -> None:
    hall.open(Mode.RAFFLE)
    assert hall.enter("ana", "ana", "ben") == [1, 1, 2]
    assert hall.round.entered == 2
