"""Who has the button: the turn that somebody may act in, or why there is none. Pure."""

from __future__ import annotations

from chaosmonkey.audience import transitions
from chaosmonkey.audience.ballots import Ballot
from chaosmonkey.audience.rounds import CROWD, ButtonTaken, Round, RoundRefused, Turn, TurnState


def asking(current: Round, ticket: int | None, machine: str | None) -> Turn:
    """The turn that waits for the presenter's answer; raises RoundRefused if it is another one."""
    turn = current.turn
    if turn is None or turn.stage is not TurnState.ASKING:
        raise RoundRefused("There is no press to approve.", remedy="Wait for a press.")
    if ticket not in (None, turn.ticket) or machine not in (None, turn.machine):
        raise RoundRefused("Another press is waiting now.", remedy="Check it first.")
    return turn


def own(current: Round, ballot: Ballot | None) -> Turn:
    """The turn of a phone that was called; raises RoundRefused if it was not."""
    turn = current.turn
    if ballot is None or turn is None or turn.ticket != ballot.ticket:
        raise RoundRefused("It is not your turn.", remedy="Wait until you are called.")
    return turn


def free(current: Round, ballot: Ballot | None, now: float) -> Turn:
    """A turn in which any phone may press; raises ButtonTaken if another one has pressed."""
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
