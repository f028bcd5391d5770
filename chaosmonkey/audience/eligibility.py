"""Which machines the audience cannot choose now, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from chaosmonkey.audience.redaction import sentence_for_the_hall
from chaosmonkey.config import Lab
from chaosmonkey.control import guard
from chaosmonkey.control.refusals import MachineRefused, NotArmed
from chaosmonkey.control.rules import Facts
from chaosmonkey.errors import ChaosMonkeyError, CutRefused
from chaosmonkey.model import FeedKind

Bar = Callable[[str], MachineRefused | None]
"""Returns the rule that bars a machine from being chosen now; None if none does."""


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What a round may cut now.

    Attributes:
        barred: machine → the rule that bars it. Rules about the whole table, and rules that pass
            in a moment, bar no machine: they refuse a press but not a vote.
        blocked: what forbids every cut now; None if something may be cut.
    """

    barred: Mapping[str, MachineRefused] = field(default_factory=lambda: MappingProxyType({}))
    blocked: ChaosMonkeyError | None = None

    @property
    def why_blocked(self) -> str:
        """What forbids every cut now, as a sentence without a time; "" if nothing does."""
        if self.blocked is None:
            return ""
        return sentence_for_the_hall(self.blocked)

    def word(self, machine: str) -> str:
        """Return why a machine cannot be chosen, in a word or two; "" if it can."""
        return self.barred[machine].label if machine in self.barred else ""


def assess(
    lab: Lab, feed: FeedKind, facts: Facts, *, approve: bool, only: str | None = None
) -> Eligibility:
    """Return what may be cut now.

    Args:
        lab: the machines.
        feed: the feed to cut.
        facts: what the guard decides from.
        approve: whether the presenter approves each press. The presenter can arm first, so a
            disarmed table blocks no press.
        only: assess only this machine.
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
        remaining = [one for one in all_objections if not (approve and isinstance(one, NotArmed))]
        free = free or not remaining
        blocked = blocked or (remaining[0] if remaining else None)
    if free:
        return Eligibility(barred)
    return Eligibility(barred, blocked or next(iter(barred.values()), None) or NothingToCut.of())


class NothingToCut(CutRefused):
    """No machine has a plug for this feed."""

    rule = "no-plug"
    label = "no plug"
    says = "No machine has a plug for this feed."
    advice = "Cut the other feed."
