"""One audience game from its opening to its result: a value and pure steps.

open ──vote, vote, …──► closed ──presenter's click──► executed ──outage measured──► revealed
  └──────────────────────┴── cancelled
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from chaosmonkey.errors import BadInput, ChaosMonkeyError


class RoundState(StrEnum):
    """How far a round has come."""

    OPEN = "open"
    CLOSED = "closed"
    EXECUTED = "executed"
    REVEALED = "revealed"
    CANCELLED = "cancelled"


class RoundRefused(ChaosMonkeyError):
    """The round does not allow this now."""

    status = 409
    exit_code = 3
    title = "Round refused"


@dataclass(frozen=True, slots=True)
class Round:
    """A vote about which machine is cut.

    Attributes:
        id: such as "round-3".
        choices: the machines that can be voted for, in their order on the table.
        opened: when it was opened.
        closes: when it closes by itself; None if only the presenter closes it.
        ballots: seat → the machine it chose. One a seat, and it stays.
        chosen: the machine that the round decided on, once it is executed.
        outage: the outage that came of it.
    """

    id: str
    choices: tuple[str, ...]
    opened: float
    closes: float | None = None
    state: RoundState = RoundState.OPEN
    ballots: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    chosen: str | None = None
    outage: str | None = None

    @property
    def tally(self) -> dict[str, int]:
        """Votes for each choice, those without any included."""
        counts = Counter(self.ballots.values())
        return {choice: counts[choice] for choice in self.choices}

    @property
    def leaders(self) -> tuple[str, ...]:
        """The choices with the most votes: several in a tie, none without a vote."""
        most = max(self.tally.values(), default=0)
        return tuple(choice for choice, votes in self.tally.items() if votes == most > 0)


def vote(current: Round, seat: str, choice: str, *, now: float) -> Round:
    """A seat votes. The same vote again changes nothing; another one is refused.

    Raises:
        BadInput: there is no such choice.
        RoundRefused: the round is closed, or the seat voted for something else.
    """
    if choice not in current.choices:
        raise BadInput(
            f"'{choice[:80]}' cannot be voted for.",
            remedy=f"Choices: {', '.join(current.choices)}.",
        )
    before = current.ballots.get(seat)
    if before == choice:
        return current
    if before is not None:
        raise RoundRefused(
            f"You voted for {before} in this round.",
            remedy="Wait for the next round.",
            chose=before,
        )
    if closed(current, now=now).state is not RoundState.OPEN:
        raise RoundRefused("This round is closed.", remedy="Wait for the next round.")
    return replace(current, ballots=MappingProxyType({**current.ballots, seat: choice}))


def closed(current: Round, *, now: float) -> Round:
    """The round as time left it: closed, if its time is up."""
    time_is_up = current.closes is not None and now >= current.closes
    if current.state is RoundState.OPEN and time_is_up:
        return replace(current, state=RoundState.CLOSED)
    return current


def close(current: Round) -> Round:
    """The presenter closes it."""
    if current.state is not RoundState.OPEN:
        raise RoundRefused(f"The round is {current.state} already.", remedy="Open another one.")
    return replace(current, state=RoundState.CLOSED)


def cancel(current: Round) -> Round:
    """The presenter gives it up: nothing is cut."""
    if current.state not in (RoundState.OPEN, RoundState.CLOSED):
        raise RoundRefused(f"The round is {current.state} already.", remedy="HALT restores.")
    return replace(current, state=RoundState.CANCELLED)


def decide(current: Round, choice: str | None) -> str:
    """The machine that an execution cuts: the presenter's choice among equals, or the leader.

    Raises:
        RoundRefused: nobody voted, it is a tie that the presenter has to break, or it is over.
        BadInput: the presenter chose what the crowd did not.
    """
    if current.state not in (RoundState.OPEN, RoundState.CLOSED):
        raise RoundRefused(f"The round is {current.state} already.", remedy="Open another one.")
    leaders = current.leaders
    if not leaders:
        raise RoundRefused("Nobody has voted.", remedy="Wait, or cancel the round.")
    if choice is None and len(leaders) > 1:
        raise RoundRefused(
            f"A tie between {', '.join(leaders)}.",
            remedy="Choose one of them, or wait for one more vote.",
            leaders=list(leaders),
        )
    if choice is not None and choice not in leaders:
        raise BadInput(
            f"The crowd did not choose {choice[:80]}.", remedy=f"It chose: {', '.join(leaders)}."
        )
    return choice or leaders[0]


def executed(current: Round, chosen: str, outage: str) -> Round:
    """The machine was cut."""
    return replace(current, state=RoundState.EXECUTED, chosen=chosen, outage=outage)


def revealed(current: Round) -> Round:
    """The outage has an outcome, and everybody may see it."""
    return replace(current, state=RoundState.REVEALED)
