"""Find the turn that a phone or the presenter may act on, or refuse. Pure functions."""

from __future__ import annotations

from chaosmonkey.audience import transitions
from chaosmonkey.audience.ballots import Ballot
from chaosmonkey.audience.rounds import CROWD, ButtonTaken, Round, RoundRefused, Turn, TurnState


def asking(current: Round, ticket: int | None, machine: str | None) -> Turn:
    """Return the turn that waits for approval; raises RoundRefused if there is none or another."""
    turn = current.turn
    if turn is None or turn.stage is not TurnState.ASKING:
        raise RoundRefused("There is no press to approve.", remedy="Wait for a press.")
    if ticket not in (None, turn.ticket) or machine not in (None, turn.machine):
        raise RoundRefused("Another press is waiting now.", remedy="Check it first.")
    return turn


def called(current: Round, ballot: Ballot | None) -> Turn:
    """Return the turn of the phone that was called; raises RoundRefused for other phones."""
    turn = current.turn
    if ballot is None or turn is None or turn.ticket != ballot.ticket:
        raise RoundRefused("It is not your turn.", remedy="Wait until you are called.")
    return turn


def free(current: Round, ballot: Ballot | None, now: float) -> Turn:
    """Return a turn in a free round; raises ButtonTaken if another phone has pressed."""
    turn = current.turn
    if turn is None:
        transitions.refuse_unless_open(current, now)
        return Turn(CROWD, since=now)
    if ballot is not None and ballot.ticket == turn.ticket:
        return turn
    raise ButtonTaken(
        "Another phone just pressed.",
        remedy="Try again in a moment.",
        allowed_at=turn.until,
    )
