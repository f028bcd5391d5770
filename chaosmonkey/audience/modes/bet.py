"""A bet: the presenter names a machine, phones guess its recovery time, the closest wins.

Among equally close guesses the earlier one wins. An outage without a recovery time has no winner.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

from chaosmonkey.audience.ballots import Ballot
from chaosmonkey.audience.eligibility import Bar, Eligibility
from chaosmonkey.audience.modes.base import CANCELLED, Name, lost, result_text
from chaosmonkey.audience.rounds import RUNNING, Round, RoundRefused, RoundState, TurnState
from chaosmonkey.errors import BadInput
from chaosmonkey.wording import counted

LONGEST_GUESS = 9999.9
"""Seconds; a larger guess is refused."""

SHOWN = 64
"""How many errors are sent to phones, which compute their rank from them."""

BEST = 3
"""How many guesses are shown by name."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One guess and its error, in seconds."""

    ticket: int
    seconds: float
    off: float


@dataclass(frozen=True, slots=True)
class Result:
    """The result of the guesses.

    Attributes:
        low: the lowest guess.
        middle: their median.
        high: the highest guess.
        best: the closest guesses, the winner first; none without a recovery time.
        offs: errors of the guesses, ascending: all of them, or an even sample.
    """

    low: float
    middle: float
    high: float
    best: tuple[Guess, ...] = ()
    offs: tuple[float, ...] = ()


class Bet:
    """The closest guess wins."""

    def admit(self, current: Round, value: str, bar: Bar) -> None:
        """Accept a number of seconds."""
        guess(value)

    def go_on(self, current: Round, assess: Callable[[], Eligibility], now: float) -> Round:
        """Change nothing: the presenter cuts the machine."""
        return current

    def target(self, current: Round, wanted: str | None, eligibility: Eligibility) -> str:
        """Return the machine that the bet is about."""
        if current.state not in RUNNING or current.turn is not None:
            raise RoundRefused(f"The round is already {current.state}.", remedy="Open another one.")
        machine = current.machine
        assert machine is not None
        if wanted not in (None, machine):
            raise BadInput(f"The bet is about {machine}.", remedy=f"Cut {machine}, or cancel.")
        return machine

    def status_text(self, current: Round, eligibility: Eligibility, name: Name) -> str:
        """Describe the bet; the caller, which has the guesses, adds the winner."""
        machine = current.machine or ""
        guesses = counted(current.entered, "guess", "guesses")
        bar = (
            f" {machine} cannot be cut now: {eligibility.word(machine)}."
            if eligibility.word(machine)
            else ""
        )
        match current.state:
            case RoundState.OPEN:
                return (
                    f"How long will recovery take once {machine} loses its {current.feed}? "
                    f"{guesses} so far.{bar}"
                )
            case RoundState.CLOSED if current.turn is not None:
                return f"{machine} is being cut. {guesses} on its recovery time."
            case RoundState.CLOSED:
                next_step = bar or f" The presenter is about to cut {machine}."
                return f"Bets are closed: {guesses}.{next_step}"
            case RoundState.EXECUTED:
                return f"{lost(machine, current.feed)}. {guesses} on its recovery time."
            case RoundState.REVEALED:
                no_winner = " There is no winner." if current.seconds is None else ""
                done = current.decision is not None and current.decision.stage is TurnState.DONE
                what = f"{lost(machine, current.feed)}. " if done else ""
                return f"{what}{result_text(current)}{no_winner}"
            case _:
                return CANCELLED


def guess(value: str) -> float:
    """Parse a guess in seconds, rounded to a tenth; raises BadInput."""
    try:
        seconds = round(float(value), 1)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= LONGEST_GUESS:
        raise BadInput(
            f"'{value[:20]}' is not a valid guess.",
            remedy=f"Enter 0.1 to {LONGEST_GUESS:g} seconds.",
        )
    return seconds


def result(entries: Iterable[Ballot], seconds: float | None) -> Result | None:
    """Rank the guesses; among equals the earlier ticket wins. None without guesses."""
    guesses = sorted((guess(entry.value), entry.ticket) for entry in entries)
    if not guesses:
        return None
    low, high = guesses[0][0], guesses[-1][0]
    middle = round(median(one for one, _ in guesses), 1)
    if seconds is None:
        return Result(low, middle, high)
    actual = round(seconds, 1)
    ranked = sorted((round(abs(one - actual), 1), ticket, one) for one, ticket in guesses)
    best = tuple(Guess(ticket, one, off) for off, ticket, one in ranked[:BEST])
    return Result(low, middle, high, best, sample([off for off, _, _ in ranked]))


def sample(offs: list[float]) -> tuple[float, ...]:
    """Return at most SHOWN of the errors: all, or the largest of each equal share."""
    if len(offs) <= SHOWN:
        return tuple(offs)
    return tuple(offs[len(offs) * share // SHOWN - 1] for share in range(1, SHOWN + 1))
