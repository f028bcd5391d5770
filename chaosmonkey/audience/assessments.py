"""Assess what may be cut, at most once per slice of phones' requests.

Phones' requests are worked off in slices (`api/transport/work_queue.py`), and nothing else runs
within a slice: no event, no command, no reading of a plug. None of these requests cuts, arms or
restores by itself, so the facts are the same for all of a slice, and its ballots share one
assessment. Only the clock moves on, by a few milliseconds, and no rule that bars a machine depends
on it. Outside a slice every call assesses.
"""

from __future__ import annotations

from collections.abc import Callable

from chaosmonkey.audience.eligibility import Eligibility, assess
from chaosmonkey.audience.rounds import Round
from chaosmonkey.config import Lab
from chaosmonkey.control import guard
from chaosmonkey.control.refusals import MachineRefused
from chaosmonkey.control.rules import Facts
from chaosmonkey.errors import ChaosMonkeyError
from chaosmonkey.model import FeedKind


class Assessments:
    """Assesses what may be cut now.

    Args:
        lab: the machines.
        facts: gathers what the guard decides from.
        current_slice: identifies the slice of work under way; returns None outside of one.
    """

    def __init__(
        self,
        lab: Lab,
        *,
        facts: Callable[[], Facts],
        current_slice: Callable[[], object | None] = lambda: None,
    ) -> None:
        self._lab = lab
        self._machines = {machine.name: machine for machine in lab.machine}
        self._gather = facts
        self._current_slice = current_slice
        self._slice: object | None = None
        self._facts: Facts | None = None
        self._bars: dict[str, MachineRefused | None] = {}
        self._assessed: dict[tuple[FeedKind, bool], Eligibility] = {}

    def bar(self, name: str) -> MachineRefused | None:
        """Return the rule that bars a machine from being chosen; None if none does."""
        facts = self._facts_now()
        if name not in self._bars:
            machine = self._machines.get(name)
            self._bars[name] = None if machine is None else guard.bar(machine, self._lab, facts)
        return self._bars[name]

    def of(self, current: Round) -> Eligibility:
        """Return what a round may cut; see `assess`."""
        facts, key = self._facts_now(), (current.feed, current.approve)
        if key not in self._assessed:
            self._assessed[key] = assess(self._lab, key[0], facts, approve=key[1])
        return self._assessed[key]

    def block(self, current: Round, machine: str) -> ChaosMonkeyError | None:
        """Return what forbids a round's cut of this machine now; None if nothing does."""
        facts = self._facts_now()
        return assess(self._lab, current.feed, facts, approve=current.approve, only=machine).blocked

    def _facts_now(self) -> Facts:
        current = self._current_slice()
        if self._facts is None or current is None or current != self._slice:
            self._slice, self._facts = current, self._gather()
            self._bars.clear()
            self._assessed.clear()
        return self._facts
