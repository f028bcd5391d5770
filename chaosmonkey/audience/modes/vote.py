"""A vote: the machine with the most votes is cut, when the presenter says so.

A tie is broken by the presenter or by a draw. A leader that cannot be cut by then is
named, and those that can be cut are offered in its place. Without a vote nothing is cut.
"""

from __future__ import annotations

from dataclasses import replace

from chaosmonkey.audience.draw import draw
from chaosmonkey.audience.eligibility import Eligibility
from chaosmonkey.audience.modes.base import (
    CANCELLED,
    Name,
    listed,
    lost,
    refuse_unless_choosable,
    result_says,
)
from chaosmonkey.audience.rounds import RUNNING, Round, RoundRefused, RoundState, TurnState
from chaosmonkey.errors import BadInput
from chaosmonkey.wording import counted


class Vote:
    """The majority decides."""

    def admit(self, current: Round, value: str, table: Eligibility) -> str:
        """One of the choices, if it can be cut now."""
        refuse_unless_choosable(current, value, table)
        return value

    def go_on(self, current: Round, table: Eligibility, now: float) -> Round:
        """Nothing: the presenter carries it out."""
        return current

    def target(self, current: Round, wanted: str | None, table: Eligibility) -> str:
        """The leader, or what the presenter or the draw chose among equals."""
        _refuse_unless_running(current)
        equals = electable(current, table)
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

    def says(self, current: Round, table: Eligibility, name: Name) -> str:
        """How the vote stands."""
        votes = counted(current.entered, "vote", "votes")
        decision = current.last
        if current.state is RoundState.CANCELLED:
            return CANCELLED
        if decision is not None and decision.stage is TurnState.CUTTING:
            return f"{votes} decided: {decision.machine} is being cut."
        if decision is not None and decision.stage is TurnState.ABORTED:
            return f"{votes} chose {decision.machine}. {result_says(current)}"
        if decision is not None and decision.machine is not None:
            loss = lost(decision.machine, current.feed)
            return f"{votes} decided: {loss}. {result_says(current)}"
        if current.state is RoundState.OPEN:
            if not current.entered:
                return "Vote with your phone. No votes yet."
            return f"{votes} so far. {_standing(current, table)}"
        if not current.entered:
            return "Closed without votes. Nothing is cut."
        return f"Closed with {votes}. {_standing(current, table)}"


def electable(current: Round, table: Eligibility) -> tuple[str, ...]:
    """The choices with the most votes among those that can be cut; none without a vote."""
    can_be_cut = {
        choice: votes
        for choice in current.choices
        if (votes := current.tally.get(choice, 0)) > 0 and choice not in table.barred
    }
    most = max(can_be_cut.values(), default=0)
    return tuple(choice for choice, votes in can_be_cut.items() if votes == most)


def break_tie(current: Round, table: Eligibility) -> Round:
    """Draw among equals; raises RoundRefused if there are none, or it was drawn already."""
    _refuse_unless_running(current)
    equals = electable(current, table)
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
        raise RoundRefused("There are no votes yet.", remedy="Wait, or cancel the round.")


def _standing(current: Round, table: Eligibility) -> str:
    leaders, equals = current.leaders, electable(current, table)
    gone = [choice for choice in leaders if choice in table.barred]
    lead = f"{leaders[0]} leads." if len(leaders) == 1 else f"A tie between {listed(leaders)}."
    if gone:
        words = listed(tuple(f"{choice} ({table.word(choice)})" for choice in gone))
        lead = f"{lead} Cannot be cut now: {words}."
        if equals and not set(equals) & set(leaders):
            lead = f"{lead} Next: {listed(equals)}."
    if len(equals) < 2 or current.state is RoundState.OPEN:
        return lead
    if current.picked in equals:
        return f"{lead} The draw chose {current.picked}."
    return f"{lead} The presenter chooses, or draws."
