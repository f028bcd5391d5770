"""Arms, disarms, halts and releases the table, and remembers HALT across a restart.

Its state is one value, `Safety`. HALT is active from the moment it is pressed; it is written to the
disk in the background, with retries while the disk is full or locked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from chaosmonkey.clock import Clock
from chaosmonkey.control.refusals import HaltKept
from chaosmonkey.control.safety import Safety
from chaosmonkey.store import Journal, PendingWrites

log = logging.getLogger(__name__)


class Arming:
    """The switch that every cut depends on.

    Args:
        pending_writes: retries journal writes that the disk refused.
        lasts: seconds for which arming lasts; every cut starts that time again.
        changed: called when the switch changes.

    Attributes:
        safety: its current state.
        kept: why HALT cannot be released, as a sentence; "" if it can.
    """

    def __init__(
        self,
        journal: Journal,
        pending_writes: PendingWrites,
        clock: Clock,
        *,
        lasts: float,
        changed: Callable[[], None],
    ) -> None:
        self.safety = Safety()
        self.kept = ""
        self._journal = journal
        self._pending_writes = pending_writes
        self._clock = clock
        self._lasts = lasts
        self._changed = changed

    async def recall(self, *, armed: bool) -> None:
        """Continue the HALT of the previous process, or begin armed or safe.

        Raises:
            StoreFailed: the journal cannot be read.
        """
        halted = await self._journal.halted()
        if halted is not None:
            since, by = halted
            # The clock may have been set back since.
            self.safety = Safety(halted=min(since, self._clock.now()), halted_by=by)
            log.warning("HALT is still active: %s triggered it before this start.", by)
        elif armed:
            self.arm()

    def arm(self) -> None:
        """Allow cuts from now until arming runs out; does nothing while HALT is active."""
        self._turn(self.safety.arm(self._clock.now() + self._lasts))

    def clock_stepped(self, by: float) -> None:
        """Shift every moment by the clock's correction, so that arming lasts as long as before."""
        self._turn(self.safety.later(by))

    def disarm(self) -> None:
        """Forbid cuts."""
        self._turn(self.safety.disarm())

    def halt(self, by: str) -> None:
        """Forbid cuts until released."""
        log.warning("HALT, triggered by %s: no cuts until it is released.", by)
        self._turn(self.safety.halt(by, self._clock.now()))
        self._keep()

    def release(self, by: str) -> bool:
        """End HALT, without arming; return whether it was active. Raises HaltKept."""
        if self.kept:
            raise HaltKept.of({"why": self.kept})
        if self.safety.halted is None:
            return False
        log.warning("HALT released by %s.", by)
        self._turn(self.safety.release())
        self._keep()
        return True

    def tick(self) -> None:
        """Disarm once arming has run out."""
        safety = self.safety.passed(self._clock.now())
        if safety != self.safety:
            log.info("No cut for a while: the table is safe again.")
            self._turn(safety)

    def _keep(self) -> None:
        """Write HALT, or its release, to the disk for the next start."""
        safety = self.safety
        if safety.halted is None:
            self._pending_writes.owe("HALT", self._journal.note_release)
        else:
            note = partial(self._journal.note_halt, safety.halted, safety.halted_by)
            self._pending_writes.owe("HALT", note)

    def _turn(self, safety: Safety) -> None:
        self.safety = safety
        self._changed()
