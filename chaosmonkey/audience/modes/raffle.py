"""A raffle: when it closes, a ticket is drawn and gets the button for a while.

If its phone does not answer, does not press or gives the button back, the next ticket is drawn
automatically. After a veto or a refusal the presenter draws again or ends the round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chaosmonkey.audience.draw import draw
from chaosmonkey.audience.eligibility import Bar, Eligibility
from chaosmonkey.audience.modes.base import (
    CANCELLED,
    Name,
    result_text,
    turn_text,
)
from chaosmonkey.audience.rounds import Round, RoundRefused, RoundState, TurnState
from chaosmonkey.audience.transitions import end_turn, give_turn
from chaosmonkey.wording import counted

DRAWN_AGAIN = (TurnState.LATE, TurnState.ABSENT, TurnState.LEFT, TurnState.SKIPPED)
"""End states of a turn after which the next ticket is drawn."""


class Raffle:
    """A drawn seat gets the button."""

    def admit(self, current: Round, value: str, bar: Bar) -> None:
        """Accept every seat."""

    def go_on(self, current: Round, assess: Callable[[], Eligibility], now: float) -> Round:
        """Draw a ticket once the round is closed, until one has pressed."""
        if current.state is not RoundState.CLOSED or current.turn is not None:
            return current
        if current.past and current.past[-1].stage not in DRAWN_AGAIN:
            return current
        ticket = drawn(current)
        if ticket is None:
            return replace(current, state=RoundState.OVER)
        return give_turn(replace(current, drawn=True), ticket, now)

    def target(self, current: Round, wanted: str | None, eligibility: Eligibility) -> str:
        """Always raises RoundRefused: the person drawn chooses the machine."""
        raise RoundRefused(
            "In a raffle, the person drawn presses.", remedy="Approve the press, or draw again."
        )

    def status_text(self, current: Round, eligibility: Eligibility, name: Name) -> str:
        """Describe the raffle."""
        last = current.last
        match current.state:
            case RoundState.OPEN:
                tickets = counted(current.entered, "ticket", "tickets")
                return f"Enter with your phone: one of you gets the button. {tickets} so far."
            case RoundState.CANCELLED:
                return CANCELLED
            case RoundState.CLOSED | RoundState.OVER if last is None:
                return "Closed without entries. Nothing was drawn."
            case RoundState.OVER:
                return "Every ticket was drawn, and no press cut a machine."
            case _:
                pass
        assert last is not None
        sentence = turn_text(current, last, name)
        if last.stage is TurnState.CHOOSING:
            before = turn_text(current, current.past[-1], name) if current.past else ""
            return f"{before} {name(last.ticket)} was drawn and has the button.".strip()
        if last.stage in (TurnState.VETOED, TurnState.REFUSED, TurnState.UNANSWERED):
            return f"{sentence} The presenter may draw again."
        if current.state in (RoundState.EXECUTED, RoundState.REVEALED):
            return f"{sentence} {result_text(current)}"
        return sentence


def drawn(current: Round) -> int | None:
    """Return the ticket that the seed draws among those without a turn yet; None if all had one."""
    out = {turn.ticket for turn in current.past} | current.withdrawn
    names = (str(ticket) for ticket in range(1, current.entered + 1) if ticket not in out)
    found = draw(current.seed, names)
    return None if found is None else int(found)


def draw_again(current: Round, now: float) -> Round:
    """End the turn under way and draw the next ticket, for the presenter.

    Raises:
        RoundRefused: no ticket was drawn yet, or a machine is being cut.
    """
    turn = current.turn
    has_cut = turn is not None and turn.stage in (TurnState.CUTTING, TurnState.CUT)
    if current.state is not RoundState.CLOSED or has_cut or not (turn or current.past):
        raise RoundRefused("There is nothing to draw again.", remedy="Check the current round.")
    current = end_turn(current, TurnState.SKIPPED, now)
    ticket = drawn(current)
    if ticket is None:
        return replace(current, state=RoundState.OVER)
    return give_turn(replace(current, drawn=True), ticket, now)
