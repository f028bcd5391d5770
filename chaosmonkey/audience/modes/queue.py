"""A queue: first come, first served, one press each.

The next one is called when the cut before has an outcome and something may be cut again; a
veto, a refusal or no answer uses up the turn.
"""

from __future__ import annotations

from dataclasses import replace

from chaosmonkey.audience.eligibility import Eligibility
from chaosmonkey.audience.modes.base import CANCELLED, Name, turn_says
from chaosmonkey.audience.rounds import RUNNING, Round, RoundRefused, RoundState, TurnState
from chaosmonkey.audience.transitions import end_turn, give_turn
from chaosmonkey.wording import counted


class Queue:
    """One after the other."""

    def admit(self, current: Round, value: str, table: Eligibility) -> None:
        """Every seat may line up."""

    def go_on(self, current: Round, table: Eligibility, now: float) -> Round:
        """Call the next one, when that one could press; end when all were served."""
        if current.state not in RUNNING or current.turn is not None:
            return current
        ticket = waiting(current)
        if ticket is None:
            over = current.state is RoundState.CLOSED
            return replace(current, state=RoundState.OVER) if over else current
        if table.blocked is not None:
            return current
        return give_turn(replace(current, called=ticket), ticket, now)

    def target(self, current: Round, wanted: str | None, table: Eligibility) -> str:
        """Always raises RoundRefused: the person called chooses the machine."""
        raise RoundRefused(
            "In a queue, the person called presses.", remedy="Approve the press, or call the next."
        )

    def says(self, current: Round, table: Eligibility, name: Name) -> str:
        """How the queue stands."""
        served = sum(turn.outage is not None for turn in current.past)
        if current.state is RoundState.CANCELLED:
            return CANCELLED if not served else f"The presenter ended the queue. {served} pressed."
        if current.state is RoundState.OVER:
            return f"The queue is over. {counted(served, 'has', 'have')} pressed."
        if current.turn is not None:
            said = turn_says(current, current.turn, name)
            after = " The next turn comes when Kubernetes has recovered."
            return said + (after if current.turn.stage is TurnState.CUT else "")
        before = turn_says(current, current.past[-1], name) if current.past else ""
        if waiting(current) is None:
            return f"{before} Line up with your phone: the first in line gets the button.".strip()
        return f"{before} The queue waits. {table.why_blocked}".strip()


def waiting(current: Round) -> int | None:
    """The ticket that is called next; None if the queue is empty."""
    ticket = current.called + 1
    while ticket in current.withdrawn:
        ticket += 1
    return ticket if ticket <= current.entered else None


def in_line(current: Round) -> int:
    """How many wait."""
    gone = sum(ticket > current.called for ticket in current.withdrawn)
    return current.entered - current.called - gone


def call_next(current: Round, now: float) -> Round:
    """The presenter ends the present turn; raises RoundRefused while a machine is being cut."""
    turn = current.turn
    if current.state not in RUNNING or turn is None:
        raise RoundRefused("The button is free.", remedy="The next ticket is called automatically.")
    match turn.stage:
        case TurnState.CUTTING:
            raise RoundRefused("A machine is being cut.", remedy="Wait a moment.")
        case TurnState.CUT:  # the outage goes on; the next one need not wait for it
            return replace(current, turn=None, past=(*current.past, turn))
        case _:
            return end_turn(current, TurnState.SKIPPED, now)
