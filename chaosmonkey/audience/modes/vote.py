"""A vote: the presenter's click cuts the machine with the most votes.

The presenter or a draw breaks a tie. If the leader cannot be cut by then, it is named, and the
next machines are offered instead. Without votes nothing is cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chaosmonkey.audience.draw import draw
from chaosmonkey.audience.eligibility import Bar, Eligibility
from chaosmonkey.audience.modes.base import (
    CANCELLED,
    Name,
    listed,
    lost,
    refuse_unless_choosable,
    result_text,
)
from chaosmonkey.audience.rounds import RUNNING, Round, RoundRefused, RoundState, TurnState
from chaosmonkey.errors import BadInput
from chaosmonkey.wording import counted


class Vote:
    """The machine with the most votes is cut."""

    def admit(self, current: Round, value: str, bar: Bar) -> str:
        """Accept one of the choices, if it can be cut now."""
        refuse_unless_choosable(current, value, bar)
        return value

    def go_on(self, current: Round, assess: Callable[[], Eligibility], now: float) -> Round:
        """End a vote that closed without votes; the presenter carries out any other."""
        if current.state is RoundState.CLOSED and not current.entered:
            return replace(current, state=RoundState.OVER)
        return current

    def target(self, current: Round, wanted: str | None, eligibility: Eligibility) -> str:
        """Return the leader, or the machine that the presenter or the draw chose in a tie."""
        _refuse_unless_running(current)
        equals = electable(current, eligibility)
        if not equals:
            names = listed(current.leaders)
            raise RoundRefused(
                f"{names} cannot be cut now, and nothing else got a vote.",
                remedy="Wait until it can be cut, or cancel the round.",
            )
        if wanted is not None and wanted not in equals:
            raise BadInput(
                f"The crowd did not choose {wanted[:80]}.",
                remedy=f"It chose: {listed(equals)}.",
            )
        if wanted is None and current.picked in equals:
            return current.picked
        if wanted is None and len(equals) > 1:
            raise RoundRefused(
                f"A tie between {listed(equals)}.",
                remedy="Choose one of them, or draw.",
                leaders=list(equals),
            )
        return wanted or equals[0]

    def status_text(self, current: Round, eligibility: Eligibility, name: Name) -> str:
        """Describe the vote."""
        votes = counted(current.entered, "vote", "votes")
        decision = current.last
        if current.state is RoundState.CANCELLED:
            return CANCELLED
        if decision is not None and decision.machine is not None:
            won = _won(current, decision.machine)
            if decision.stage is TurnState.CUTTING:
                return f"{won} It is being cut."
            if decision.stage is TurnState.ABORTED:
                return f"{won} {result_text(current)}"
            return f"{won} {lost(decision.machine, current.feed)}. {result_text(current)}"
        if current.state is RoundState.OPEN:
            if not current.entered:
                return "Vote with your phone. No votes yet."
            return f"{votes} so far. {_standing(current, eligibility)}"
        if not current.entered:
            return "Closed without votes. The vote cut nothing."
        return f"Closed with {votes}. {_standing(current, eligibility)}"


def _won(current: Round, machine: str) -> str:
    """Say how a machine was chosen: by its own votes, or by a draw in a tie."""
    own = current.tally.get(machine, 0)
    votes = f"{own} of {counted(current.entered, 'vote', 'votes')}"
    if current.drawn and current.picked == machine:
        return f"A draw broke the tie: {machine}, with {votes}."
    return f"{votes} for {machine}."


def electable(current: Round, eligibility: Eligibility) -> tuple[str, ...]:
    """Return the choices with the most votes among those that can be cut; none without votes."""
    can_be_cut = {
        choice: votes
        for choice in current.choices
        if (votes := current.tally.get(choice, 0)) > 0 and choice not in eligibility.barred
    }
    most = max(can_be_cut.values(), default=0)
    return tuple(choice for choice, votes in can_be_cut.items() if votes == most)


def break_tie(current: Round, eligibility: Eligibility) -> Round:
    """Draw one machine in a tie; raises RoundRefused without a tie or after a draw."""
    _refuse_unless_running(current)
    equals = electable(current, eligibility)
    if len(equals) < 2:
        raise RoundRefused("There is no tie to draw.", remedy="Carry out what was decided.")
    if current.drawn:
        raise RoundRefused(
            f"The draw already chose {current.picked}.", remedy="Each round draws only once."
        )
    return replace(current, state=RoundState.CLOSED, picked=draw(current.seed, equals), drawn=True)


def _refuse_unless_running(current: Round) -> None:
    if current.state not in RUNNING or current.turn is not None:
        raise RoundRefused(f"The round is already {current.state}.", remedy="Open another one.")
    if not current.entered:
        raise RoundRefused("There are no votes.", remedy="Wait, or cancel the round.")


def _standing(current: Round, eligibility: Eligibility) -> str:
    leaders, equals = current.leaders, electable(current, eligibility)
    barred = [choice for choice in leaders if choice in eligibility.barred]
    leads = "leads" if current.state is RoundState.OPEN else "has the most"
    lead = f"{leaders[0]} {leads}." if len(leaders) == 1 else f"A tie between {listed(leaders)}."
    if barred:
        words = listed(tuple(f"{choice} ({eligibility.word(choice)})" for choice in barred))
        lead = f"{lead} Cannot be cut now: {words}."
        if equals and not set(equals) & set(leaders):
            lead = f"{lead} Next: {listed(equals)}."
    if len(equals) < 2 or current.state is RoundState.OPEN:
        return lead
    if current.picked in equals:
        return f"{lead} The draw chose {current.picked}."
    return f"{lead} The presenter chooses, or draws."
