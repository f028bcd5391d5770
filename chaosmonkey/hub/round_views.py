"""What the pages are shown of a round; phones get the same, in the same bytes for all.

Nothing here tells who a seat is: seats are called by their ticket in the round, by a tag, and by
the name that they gave themselves, if any.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.audience.rounds import Mode, RoundState, TurnState
from chaosmonkey.model import FeedKind


@dataclass(frozen=True, slots=True)
class TurnView:
    """The right to press, now or in the past.

    Attributes:
        ticket: whose turn it is; 0 is the crowd's: the presenter carries out what all decided.
        until: when the present stage ends by itself, or when the turn ended.
        machine: what is to be cut, once that is chosen.
        outage: the id of the outage that came of it.
        why: why it was refused, or ended.
    """

    ticket: int
    tag: str
    name: str
    stage: TurnState
    since: float
    until: float | None
    machine: str | None
    outage: str | None
    why: str


@dataclass(frozen=True, slots=True)
class GuessView:
    """A guess, and by how many seconds it was off."""

    ticket: int
    tag: str
    name: str
    seconds: float
    off: float


@dataclass(frozen=True, slots=True)
class BetView:
    """What the guesses come to; they are secret while the round is open.

    Attributes:
        low: the lowest guess; `middle`: half of them are not above it; `high`: the highest.
        best: the closest, the winner first; none without a recovery time.
        offs: how far guesses were off, ascending: all, or some that stand for equal shares.
    """

    low: float
    middle: float
    high: float
    best: tuple[GuessView, ...]
    offs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RoundView:
    """The current audience round, or the last one; docs/rounds.md tells what its states mean.

    Attributes:
        says: how it stands, in plain words, without a clock.
        approve: the presenter approves each press.
        machine: what a bet is about.
        choices: the machines to choose from.
        tally: votes for each machine that can be chosen.
        entered: how many take part: votes, tickets, guesses. Tickets are 1 to that number.
        leaders: the machines with the most votes; several in a tie.
        electable: those with the most votes that can be cut now.
        barred: machines that cannot be chosen now, and why in a word or two.
        blocked: why nothing can be cut now; "" if something can.
        commitment: SHA-256 of the seed, fixed at the opening.
        seed: what was drawn with; null until it was.
        picked: what a draw among equals decided.
        turn: who has the button.
        past: the latest turns that ended, the newest last.
        called: the highest ticket that a queue has called.
        waiting: how many wait behind it.
        gone: tickets behind it that gave up their place.
        chosen: the machine that was cut last in this round.
        outage: the id of the outage that came of it.
        seconds: its recovery time, where the round is about one cut.
        away: it waits for the presenter, and no console is connected.
    """

    id: str
    mode: Mode
    state: RoundState
    says: str
    feed: FeedKind
    opened: float
    closes: float | None
    approve: bool
    machine: str | None
    choices: tuple[str, ...]
    tally: dict[str, int]
    entered: int
    leaders: tuple[str, ...]
    electable: tuple[str, ...]
    barred: dict[str, str]
    blocked: str
    commitment: str
    seed: str | None
    picked: str | None
    turn: TurnView | None
    past: tuple[TurnView, ...]
    called: int
    waiting: int
    gone: tuple[int, ...]
    chosen: str | None
    outage: str | None
    seconds: float | None
    bet: BetView | None
    away: bool
