"""What of the table an audience must know: which machines cannot be chosen now, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from chaosmonkey.audience.redaction import sentence_for_the_hall
from chaosmonkey.config import Lab
from chaosmonkey.control import guard
from chaosmonkey.control.refusals import MachineRefused, NotArmed
from chaosmonkey.control.rules import Facts
from chaosmonkey.errors import ChaosMonkeyError, CutRefused
from chaosmonkey.model import FeedKind


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What may be cut now, as far as a round must know.

    Attributes:
        barred: machine → the rule that bars it. Rules about the table, and those that are over in a
            moment, bar none: they refuse a press and not a vote.
        blocked: what forbids every cut now; None if something may be cut.
    """

    barred: Mapping[str, MachineRefused] = field(default_factory=lambda: MappingProxyType({}))
    blocked: ChaosMonkeyError | None = None

    @property
    def why_blocked(self) -> str:
        """What forbids every cut now, in a sentence without a clock; "" if nothing does."""
        if self.blocked is None:
            return ""
        return sentence_for_the_hall(self.blocked)

    def word(self, machine: str) -> str:
        """Why a machine cannot be chosen, in a word or two; "" if it can."""
        return self.barred[machine].label if machine in self.barred else ""


def assess(
    lab: Lab, feed: FeedKind, facts: Facts, *, asks: bool, only: str | None = None
) -> Eligibility:
    """The table as it is now.

    Args:
        lab: the machines.
        feed: what is to be cut.
        facts: what the guard decides from.
        asks: the presenter approves each press, and can arm first: a safe table stops no press.
        only: look at this machine alone.
    """
    barred: dict[str, MachineRefused] = {}
    blocked: ChaosMonkeyError | None = None
    free = False
    for machine in lab.machine:
        if machine.plug(feed) is None or only not in (None, machine.name):
            continue
        all_objections = guard.objections(machine, lab, facts)
        bar = next((one for one in all_objections if isinstance(one, MachineRefused)), None)
        if bar is not None:
            barred[machine.name] = bar
            continue
        rest = [one for one in all_objections if not (asks and isinstance(one, NotArmed))]
        free = free or not rest
        blocked = blocked or (rest[0] if rest else None)
    if free:
        return Eligibility(barred)
    return Eligibility(barred, blocked or next(iter(barred.values()), None) or NothingToCut.of())


class NothingToCut(CutRefused):
    """No machine has such a plug."""

    rule = "no-plug"
    label = "no plug"
    says = "No machine has such a plug."
    advice = "Cut the other feed."
