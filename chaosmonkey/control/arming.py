"""Arms, disarms, halts and releases the table, and remembers HALT over a restart.

What it keeps is one value, `Safety`. HALT holds from the moment it is pressed; the disk is told in
the background, again and again while it is full or locked.
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
    """The switch before every cut.

    Args:
        owed: carries out what the journal must be told.
        lasts: seconds that arming lasts; every cut makes it last as long again.
        changed: is called when the switch was turned.

    Attributes:
        safety: how it stands.
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
        """Take up HALT where the process before this one left it, else begin armed or safe.

        Raises:
            StoreFailed: the journal cannot be read.
        """
        halted = await self._journal.halted()
        if halted is not None:
            since, by = halted
            # The clock may have been set back since.
            self.safety = Safety(halted=min(since, self._clock.now()), halted_by=by)
            log.warning("HALT still holds, pressed by %s before this start.", by)
        elif armed:
            self.arm()

    def arm(self) -> None:
        """Allow cuts, for as long as arming lasts from now; not while HALT holds."""
        self._turn(self.safety.arm(self._clock.now() + self._lasts))

    def clock_stepped(self, by: float) -> None:
        """Our clock was set right: it lasts for as long as before."""
        self._turn(self.safety.later(by))

    def disarm(self) -> None:
        """Allow none."""
        self._turn(self.safety.disarm())

    def halt(self, by: str) -> None:
        """Allow none until released."""
        log.warning("HALT, pressed by %s: nothing is cut until it is released.", by)
        self._turn(self.safety.halt(by, self._clock.now()))
        self._keep()

    def release(self, by: str) -> bool:
        """End HALT, without arming; return whether it held. Raises HaltKept."""
        if self.kept:
            raise HaltKept.of({"why": self.kept})
        if self.safety.halted is None:
            return False
        log.warning("HALT is released by %s.", by)
        self._turn(self.safety.release())
        self._keep()
        return True

    def tick(self) -> None:
        """Time passes: what was armed becomes safe."""
        safety = self.safety.passed(self._clock.now())
        if safety != self.safety:
            log.info("Nothing was cut for a while: the table is safe.")
            self._turn(safety)

    def _keep(self) -> None:
        """Note HALT, or its release, for the next start; it holds now in any case."""
        safety = self.safety
        if safety.halted is None:
            self._pending_writes.owe("HALT", self._journal.note_release)
        else:
            note = partial(self._journal.note_halt, safety.halted, safety.halted_by)
            self._pending_writes.owe("HALT", note)

    def _turn(self, safety: Safety) -> None:
        self.safety = safety
        self._changed()
