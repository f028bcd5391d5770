"""A game with everything around it that a test can move: the clock, the table, the seed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pytest

from chaosmonkey.audience.assessments import Assessments
from chaosmonkey.audience.current_round import CurrentRound
from chaosmonkey.audience.eligibility import Eligibility
from chaosmonkey.audience.open_round import OpenRound, open_round
from chaosmonkey.audience.rounds import Mode, Round, Turn
from chaosmonkey.clock import ManualClock
from chaosmonkey.config import Lab, build
from chaosmonkey.control.refusals import MachineRefused, NotReady, TooManyOff
from chaosmonkey.errors import ChaosMonkeyError
from chaosmonkey.model import FeedKind
from chaosmonkey.store import KeptEntry
from tests.sure import sure

NODES = ("node1", "node2", "node3")
SEED = "00112233445566778899aabbccddeeff"


def lab() -> Lab:
    return build(
        {
            "gpio": {"pin_factory": "mock"},
            "machine": [
                {"name": name, "power": {"driver": "gpio", "pin": pin}}
                for pin, name in enumerate(NODES)
            ],
        }
    )


@dataclass
class Kept:
    """What would be on the disk."""

    documents: dict[str, Callable[[], str]] = field(default_factory=dict)
    entries: list[KeptEntry] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def keep_round(self, round_id: str, opened: float, document: Callable[[], str]) -> None:
        self.documents[round_id] = document

    def keep_entry(self, entry: KeptEntry) -> None:
        self.entries.append(entry)

    def keep_show(self, at: float, document: str) -> None:
        raise AssertionError("a game sets nothing")

    def keep_name(self, who: str, name: str) -> None:
        self.names[who] = name


class FixedAssessments(Assessments):
    """What a test lets the guard say."""

    def __init__(self, hall: "Hall") -> None:
        super().__init__(lab(), facts=_no_facts)
        self._hall = hall

    def of(self, current: Round) -> Eligibility:
        return Eligibility(dict(self._hall.barred), self._hall.blocked)

    def bar(self, name: str) -> MachineRefused | None:
        return self._hall.barred.get(name)


def _no_facts() -> NoReturn:
    raise AssertionError("a game needs no facts")


@dataclass
class Hall:
    """A game, and what it looks at."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(1000.0))
    kept: Kept = field(default_factory=Kept)
    barred: dict[str, MachineRefused] = field(default_factory=dict)
    blocked: ChaosMonkeyError | None = None
    changes: int = 0
    counts: int = 0

    def __post_init__(self) -> None:
        self.current_round = CurrentRound(
            self.clock,
            self.kept,
            FixedAssessments(self),
            changed=self._changed,
            counted=self._count,
        )

    def open(self, mode: Mode, **options: Any) -> Round:
        opening = OpenRound(mode=mode, **options)
        number = len(self.kept.documents) + 1
        now = self.clock.now()
        wanted = open_round(
            opening, lab(), FeedKind.POWER, round_id=f"round-{number}", seed=SEED, now=now
        )
        return self.current_round.open(wanted)

    def enter(self, *who: str, value: str = "") -> list[int]:
        """Tickets of those who take part."""
        return [self.current_round.enter(self.round.id, one, value).ticket for one in who]

    async def pass_time(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        self.current_round.tick()

    @property
    def round(self) -> Round:
        return self.current_round.current()

    @property
    def turn(self) -> Turn:
        """The turn of the one who has the button; there is one."""
        return sure(self.round.turn)

    def bar(self, machine: str) -> None:
        self.barred[machine] = NotReady(f"{machine} is not Ready.", remedy="Wait.")

    def block(self) -> None:
        self.blocked = TooManyOff("Off now: node3.", remedy="On again in 40 s.", allowed_at=1040.0)

    def _changed(self) -> None:
        self.changes += 1

    def _count(self) -> None:
        self.counts += 1


@pytest.fixture
def hall() -> Hall:
    return Hall()
