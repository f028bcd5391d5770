"""A queue: first come, first served, one press each.

The next ticket is called when the last cut has an outcome and a machine may be cut again. A veto,
a refusal or no answer uses up the turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chaosmonkey.audience.eligibility import Bar, Eligibility
from chaosmonkey.audience.modes.base import Name, cancelled_text, cuts_text, turn_text
from chaosmonkey.audience.rounds import RUNNING, Round, RoundRefused, RoundState, TurnState
from chaosmonkey.audience.transitions import end_turn, give_turn


class Queue:
    """The first in line gets the button."""

    def admit(self, current: Round, value: str, bar: Bar) -> None:
        """Accept every seat."""

    def go_on(self, current: Round, assess: Callable[[], Eligibility], now: float) -> Round:
        """Call the next ticket once a machine may be cut; end after the last."""
        if current.state not in RUNNING or current.turn is not None:
            return current
        ticket = waiting(current)
        if ticket is None:
            over = current.state is RoundState.CLOSED
            return replace(current, state=RoundState.OVER) if over else current
        if assess().blocked is not None:
            return current
        return give_turn(replace(current, called=ticket), ticket, now)

    def target(self, current: Round, wanted: str | None, eligibility: Eligibility) -> str:
        """Always raises RoundRefused: the person called chooses the machine."""
        raise RoundRefused(
            "In a queue, the person called presses.", remedy="Approve the press, or call the next."
        )

    def status_text(self, current: Round, eligibility: Eligibility, name: Name) -> str:
        """Describe the queue."""
        served = sum(turn.outage is not None for turn in current.past)
        if current.state is RoundState.CANCELLED:
            return cancelled_text(current, "The presenter ended the queue.", name)
        if current.state is RoundState.OVER:
            return f"The queue is over. {cuts_text(served)}"
        if current.turn is not None:
            sentence = turn_text(current, current.turn, name)
            after = " The next turn comes after the recovery, once a machine may be cut again."
            return sentence + (after if current.turn.stage is TurnState.CUT else "")
        before = turn_text(current, current.past[-1], name) if current.past else ""
        if waiting(current) is None:
            return f"{before} Line up with your phone: the first in line gets the button.".strip()
        return f"{before} The queue waits. {eligibility.why_blocked}".strip()


def waiting(current: Round) -> int | None:
    """Return the ticket to call next; None if the queue is empty."""
    ticket = current.called + 1
    while ticket in current.withdrawn:
        ticket += 1
    return ticket if ticket <= current.entered else None


def in_line(current: Round) -> int:
    """Return how many tickets wait."""
    withdrawn = sum(ticket > current.called for ticket in current.withdrawn)
    return current.entered - current.called - withdrawn


def call_next(current: Round, now: float) -> Round:
    """End the turn under way for the presenter; raises RoundRefused while a machine is cut."""
    turn = current.turn
    if current.state not in RUNNING or turn is None:
        raise RoundRefused("The button is free.", remedy="The next ticket is called automatically.")
    match turn.stage:
        case TurnState.CUTTING:
            raise RoundRefused("A machine is being cut.", remedy="Wait a moment.")
        case TurnState.CUT:  # the next ticket need not wait for the outage
            return replace(current, turn=None, past=(*current.past, turn))
        case _:
            return end_turn(current, TurnState.SKIPPED, now)
