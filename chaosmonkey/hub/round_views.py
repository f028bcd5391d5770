"""Views of a round for pages and phones.

They do not reveal seat ids: a seat appears as its ticket in the round, its tag, and its nickname
if it has one.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.audience.rounds import Mode, RoundState, TurnState
from chaosmonkey.model import FeedKind


@dataclass(frozen=True, slots=True)
class TurnView:
    """The right to press, now or in the past.

    Attributes:
        ticket: whose turn it is; 0 is the crowd's: the presenter carries out its decision.
        until: when the current stage ends automatically, or when the turn ended.
        machine: the machine to cut, once it is chosen.
        outage: the id of the outage that the cut caused.
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
    """A guess and its error, in seconds."""

    ticket: int
    tag: str
    name: str
    seconds: float
    off: float


@dataclass(frozen=True, slots=True)
class BetView:
    """The result of the guesses; they are secret while the round is open.

    Attributes:
        low: the lowest guess; `middle`: the median; `high`: the highest guess.
        best: the closest guesses, the winner first; none without a recovery time.
        offs: errors of the guesses, ascending: all of them, or an even sample.
    """

    low: float
    middle: float
    high: float
    best: tuple[GuessView, ...]
    offs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RoundView:
    """The current or last audience round; docs/rounds.md explains its states.

    Attributes:
        says: its state in a sentence or two, without a time.
        approve: whether the presenter approves each press.
        machine: the machine that a bet is about.
        choices: the machines to choose from.
        tally: votes for each machine that can be chosen.
        entered: how many votes, tickets or guesses there are. Tickets are 1 to that number.
        leaders: the machines with the most votes; several in a tie.
        electable: the machines with the most votes among those that can be cut now.
        barred: machines that cannot be chosen now, and why in a word or two.
        blocked: why nothing can be cut now; "" if something can.
        commitment: SHA-256 of the seed, fixed at the opening.
        seed: the seed of the draws; null until a draw.
        picked: the machine that the draw in a tie chose.
        turn: who has the button.
        past: the latest turns that ended, the newest last.
        called: the highest ticket that a queue has called.
        waiting: how many tickets wait after it.
        gone: tickets after it that gave up their place.
        chosen: the machine that was cut last in this round.
        outage: the id of the outage that the cut caused.
        seconds: its recovery time, if the round has a single cut.
        away: whether the round waits for the presenter and no console is connected.
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
