"""Free presses: every phone may cut at any time, within the limits of the table.

With approval one press waits for the presenter at a time; without, the limits answer at once.
"""

from __future__ import annotations

from dataclasses import replace

from chaosmonkey.audience.eligibility import Eligibility
from chaosmonkey.audience.modes.base import CANCELLED, Name, turn_says
from chaosmonkey.audience.rounds import Round, RoundRefused, RoundState
from chaosmonkey.wording import counted


class Free:
    """Every phone has the button."""

    def admit(self, current: Round, value: str, table: Eligibility) -> None:
        """The first press makes a seat take part."""

    def go_on(self, current: Round, table: Eligibility, now: float) -> Round:
        """End it, once it is closed and no press is under way."""
        if current.state is RoundState.CLOSED and current.turn is None:
            return replace(current, state=RoundState.OVER)
        return current

    def target(self, current: Round, wanted: str | None, table: Eligibility) -> str:
        """Always raises RoundRefused: each phone chooses its own machine."""
        raise RoundRefused("A free round needs no decision.", remedy="Approve a press.")

    def says(self, current: Round, table: Eligibility, name: Name) -> str:
        """How it stands."""
        done = sum(turn.outage is not None for turn in current.past)
        if current.state is RoundState.CANCELLED:
            return CANCELLED if not done else "The presenter ended the round."
        if current.state is RoundState.OVER:
            return f"The round is over. {counted(done, 'press', 'presses')} cut a machine."
        if current.turn is not None:
            return turn_says(current, current.turn, name)
        before = turn_says(current, current.past[-1], name) if current.past else ""
        if table.blocked is not None:
            return f"{before} Wait a moment. {table.why_blocked}".strip()
        return f"{before} Anyone can press: the button is on every phone.".strip()
