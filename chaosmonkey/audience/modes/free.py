"""Free presses: every phone may cut at any time, within the configured limits.

With approval, one press at a time waits for the presenter. Without, each press is cut or refused
at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chaosmonkey.audience.eligibility import Bar, Eligibility
from chaosmonkey.audience.modes.base import (
    Name,
    cancelled_text,
    cuts_text,
    refused_text,
    turn_text,
)
from chaosmonkey.audience.rounds import Round, RoundRefused, RoundState


class Free:
    """Every phone has the button."""

    def admit(self, current: Round, value: str, bar: Bar) -> None:
        """Accept every seat: its first press enters it."""

    def go_on(self, current: Round, assess: Callable[[], Eligibility], now: float) -> Round:
        """End the round once it is closed and no press is under way."""
        if current.state is RoundState.CLOSED and current.turn is None:
            return replace(current, state=RoundState.OVER)
        return current

    def target(self, current: Round, wanted: str | None, eligibility: Eligibility) -> str:
        """Always raises RoundRefused: each phone chooses its own machine."""
        raise RoundRefused("A free round needs no decision.", remedy="Approve a press.")

    def status_text(self, current: Round, eligibility: Eligibility, name: Name) -> str:
        """Describe the round."""
        done = sum(turn.outage is not None for turn in current.past)
        if current.state is RoundState.CANCELLED:
            return cancelled_text(current, "The presenter ended the round.", name)
        if current.state is RoundState.OVER:
            return f"The round is over. {cuts_text(done)}"
        if current.turn is not None:
            return turn_text(current, current.turn, name)
        before = turn_text(current, current.past[-1], name) if current.past else ""
        if eligibility.blocked is not None:
            return f"{before} {refused_text(eligibility)}".strip()
        return f"{before} Anyone can press: the button is on every phone.".strip()
