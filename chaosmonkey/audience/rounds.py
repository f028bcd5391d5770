"""One round from its opening to its result, as a value; `transitions` advances it.

    open ──► closed ──► executed ──► revealed          a vote, a raffle, a bet: one cut
    open ──► closed ──► over                           a queue, free presses: any number of cuts
      └─────────┴──► cancelled

A turn is the right to cut; one person in the audience has it, or the crowd as a whole:

    choosing ──press──► asking ──approve──► cutting ──plug read back as off──► cut ──outcome──► done
       └ late, absent,     └ vetoed,           └ refused
         left, skipped       unanswered          any of them: aborted, if the server stopped

`modes/` has what differs between the kinds of rounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chaosmonkey.errors import ChaosMonkeyError, CutRefused
from chaosmonkey.model import FeedKind

CROWD = 0
"""The ticket of the crowd's turn: the presenter's click carries out the crowd's decision."""

ANSWER_WITHIN = 10.0
"""Seconds in which the phone whose turn it is must answer."""

APPROVE_WITHIN = 60.0
"""Seconds in which the presenter must answer a press; a later cut would be a surprise."""


class Mode(StrEnum):
    """The kinds of rounds."""

    VOTE = "vote"
    RAFFLE = "raffle"
    QUEUE = "queue"
    BET = "bet"
    FREE = "free"


class RoundState(StrEnum):
    """The states of a round."""

    OPEN = "open"
    CLOSED = "closed"
    EXECUTED = "executed"
    REVEALED = "revealed"
    OVER = "over"
    CANCELLED = "cancelled"


RUNNING = (RoundState.OPEN, RoundState.CLOSED)
"""States in which something may still be cut."""


class TurnState(StrEnum):
    """The states of a turn."""

    CHOOSING = "choosing"
    ASKING = "asking"
    CUTTING = "cutting"
    CUT = "cut"
    DONE = "done"
    VETOED = "vetoed"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    LATE = "late"
    ABSENT = "absent"
    LEFT = "left"
    SKIPPED = "skipped"
    ABORTED = "aborted"


class RoundRefused(ChaosMonkeyError):
    """The round does not allow this now."""

    status = 409
    exit_code = 3
    title = "Round refused"
    rule = "round"


class MachineBarred(RoundRefused):
    """The machine cannot be chosen now; `rule` is the rule that bars it."""

    shown_in_round = True

    def __init__(self, machine: str, why: str, bar: CutRefused) -> None:
        super().__init__(
            f"{machine} cannot be chosen. {why}",
            remedy="Choose another machine.",
            allowed_at=bar.facts.get("allowed_at"),
        )
        self.rule = bar.rule


class ButtonTaken(RoundRefused):
    """Another press came first."""

    rule = "another-press"
    shown_in_round = True


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to press, and its state.

    Attributes:
        ticket: whose turn it is; CROWD is the whole room's.
        until: when the current state ends automatically; None if it does not.
        answer_by: when the phone must have answered.
        here: whether the phone has answered.
        machine: the machine to cut, once it is chosen.
        outage: the id of the outage that the cut caused.
        why: why it ended, in the words of the rule that refused it.
    """

    ticket: int
    since: float
    until: float | None = None
    stage: TurnState = TurnState.CHOOSING
    answer_by: float | None = None
    here: bool = False
    machine: str | None = None
    outage: str | None = None
    why: str = ""

    @property
    def due(self) -> float | None:
        """When the current state ends automatically."""
        if self.stage is not TurnState.CHOOSING or self.here or self.until is None:
            return self.until
        return min(self.until, self.answer_by or self.until)


@dataclass(frozen=True)  # no slots: `transitions.entered` copies its attributes
class Round:
    """One round of the audience.

    Attributes:
        choices: the machines to choose from, in their order on the table.
        seed: decides every draw of this round; its hash is shown from the beginning.
        closes: when it closes automatically; None if only the presenter closes it.
        approve: whether the presenter must approve each press.
        patience: real seconds in which the person whose turn it is must press.
        pace: seconds of the server's clock per real second; 1 except in a fast demo.
        machine: the machine that a bet is about.
        tally: votes for each choice.
        entered: how many seats take part; the tickets are 1 to that number.
        called: the highest ticket that a queue has called.
        withdrawn: tickets that gave up their place.
        turn: the turn under way.
        past: the turns that ended, oldest first.
        picked: the machine that the draw in a tie chose.
        drawn: whether the seed was used; it is then shown.
        seconds: the recovery time that a bet is about, once it is known.
    """

    id: str
    mode: Mode
    feed: FeedKind
    choices: tuple[str, ...]
    opened: float
    seed: str
    closes: float | None = None
    approve: bool = False
    patience: float = 30.0
    pace: float = 1.0
    machine: str | None = None
    state: RoundState = RoundState.OPEN
    tally: Mapping[str, int] = field(default_factory=dict)
    entered: int = 0
    called: int = 0
    withdrawn: frozenset[int] = frozenset()
    turn: Turn | None = None
    past: tuple[Turn, ...] = ()
    picked: str | None = None
    drawn: bool = False
    seconds: float | None = None

    @property
    def last(self) -> Turn | None:
        """The current turn, or the one that ended last."""
        return self.turn or (self.past[-1] if self.past else None)

    @property
    def decision(self) -> Turn | None:
        """The latest turn in which something was cut."""
        turns = (*self.past, *((self.turn,) if self.turn else ()))
        return next((turn for turn in reversed(turns) if turn.outage is not None), None)

    @property
    def cut_nothing(self) -> bool:
        """Whether the round ended without a cut."""
        return self.state not in RUNNING and self.decision is None and self.turn is None

    @property
    def leaders(self) -> tuple[str, ...]:
        """The choices with the most votes: several in a tie, none without a vote."""
        most = max(self.tally.values(), default=0)
        return tuple(choice for choice in self.choices if self.tally.get(choice, 0) == most > 0)
