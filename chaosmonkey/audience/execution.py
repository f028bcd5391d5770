"""Cut the machine of a turn, and apply the result to the turn.

    turn ─► cutting ─► monkey.cut ─┬─► cut
                                   └─► refused: back to approval, ended, or as before

The presenter may cancel the round or open another one while the plug switches.
"""

from __future__ import annotations

from dataclasses import replace

from chaosmonkey.audience import transitions
from chaosmonkey.audience.current_round import CurrentRound
from chaosmonkey.audience.redaction import sentence_for_the_hall
from chaosmonkey.audience.rounds import CROWD, RUNNING, Mode, Round, Turn, TurnState
from chaosmonkey.clock import Clock
from chaosmonkey.config import Lab
from chaosmonkey.control.guard import CutRequest
from chaosmonkey.control.monkey import Monkey
from chaosmonkey.errors import ChaosMonkeyError


class Execution:
    """Carries out what a round decided."""

    def __init__(
        self, current_round: CurrentRound, lab: Lab, *, monkey: Monkey, clock: Clock
    ) -> None:
        self._current_round = current_round
        self._lab = lab
        self._monkey = monkey
        self._clock = clock

    async def carry_out(self, current: Round, turn: Turn, machine: str) -> Round:
        """Cut a machine for a turn; return the round after it.

        Raises:
            ChaosMonkeyError: the cut was refused or failed. An approved press may be approved
                again.
        """
        commanded = self._current_round.put(transitions.cutting(current, turn, machine))
        by = f"{current.mode} {current.id}" + (f" ticket {turn.ticket}" if turn.ticket else "")
        request = CutRequest(machine, current.feed, self._lab.default_seconds, by=by)
        try:
            cut = await self._monkey.cut(request)
        except ChaosMonkeyError as refusal:
            if (now_current := self._still(commanded)) is not None:
                why = sentence_for_the_hall(refusal)
                self._current_round.put(self._refused(now_current, turn, machine, why))
            raise
        outage = cut.entry.outage
        if (now_current := self._still(commanded)) is not None:
            return self._current_round.put(transitions.cut(now_current, outage))
        # The presenter has opened another round: the cut belongs to the one before.
        return self._current_round.keep_elsewhere(transitions.cut(commanded, outage))

    def _still(self, commanded: Round) -> Round | None:
        """Return the latest state of a cut's round, if it is still the current one."""
        current = self._current_round.round
        return current if current is not None and current.id == commanded.id else None

    def _refused(self, current: Round, turn: Turn, machine: str, why: str) -> Round:
        now = self._clock.now()
        if turn.stage is TurnState.ASKING and current.state in RUNNING:
            return transitions.request_approval(
                current, turn, machine, now, why
            )  # the presenter may try again
        if turn.ticket == CROWD or current.mode is Mode.FREE:
            return replace(current, turn=None)
        return transitions.end_turn(current, TurnState.REFUSED, now, why)
