"""What of the table an audience must know: which machines cannot be chosen now, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from chaosmonkey.audience.redaction import sentence_for_the_hall
from chaosmonkey.config import Lab
from chaosmonkey.control import guard
from chaosmonkey.control.rules import Facts
from chaosmonkey.errors import ChaosMonkeyError, CutRefused
from chaosmonkey.model import FeedKind

WORDS: Mapping[str, str] = {
    "protected": "protected",
    "control-plane": "control plane",
    "own-machine": "runs this server",
    "not-in-cluster": "not in the cluster",
    "already-off": "off",
    "still-recovering": "recovering",
    "not-ready": "not Ready",
}
"""Rule → the word on a machine that it keeps from being chosen. Other rules are about the table, or
over in a moment: they refuse a press and not a vote."""


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What may be cut now, as far as a round must know.

    Attributes:
        barred: machine → what forbids to choose it now.
        blocked: what forbids every cut now; None if something may be cut.
    """

    barred: Mapping[str, ChaosMonkeyError] = field(default_factory=lambda: MappingProxyType({}))
    blocked: ChaosMonkeyError | None = None

    @property
    def why_blocked(self) -> str:
        """What forbids every cut now, in a sentence without a clock; "" if nothing does."""
        if self.blocked is None:
            return ""
        return sentence_for_the_hall(self.blocked)

    def word(self, machine: str) -> str:
        """Why a machine cannot be chosen, in a word or two; "" if it can."""
        return WORDS.get(getattr(self.barred.get(machine), "rule", ""), "")


def assess(
    lab: Lab, feed: FeedKind, facts: Facts, *, asks: bool, only: str | None = None
) -> Eligibility:
    """The table as it is now.

    Args:
        lab: the machines.
        feed: what is to be cut.
        facts: what the guard decides from.
        asks: the presenter approves each press, and can arm before that: a safe table stops nobody.
        only: look at this machine alone.
    """
    barred: dict[str, ChaosMonkeyError] = {}
    blocked: ChaosMonkeyError | None = None
    free = False
    for machine in lab.machine:
        if machine.plug(feed) is None or only not in (None, machine.name):
            continue
        all_objections = guard.objections(machine, lab, facts)
        own = next((one for one in all_objections if getattr(one, "rule", "") in WORDS), None)
        if own is not None:
            barred[machine.name] = own
            continue
        rest = [one for one in all_objections if not (asks and _is_safe(one))]
        free = free or not rest
        blocked = blocked or (rest[0] if rest else None)
    if free:
        return Eligibility(barred)
    return Eligibility(barred, blocked or next(iter(barred.values()), None) or _nothing())


def _is_safe(objection: ChaosMonkeyError) -> bool:
    return getattr(objection, "rule", "") == "not-armed"


class NothingToCut(CutRefused):
    """No machine has such a plug."""

    rule = "no-plug"


def _nothing() -> NothingToCut:
    return NothingToCut("No machine has such a plug.", remedy="Cut the other feed.")
