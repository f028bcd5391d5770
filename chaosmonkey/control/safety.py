"""Whether anything may be cut at all: a state machine as an immutable value.

    safe ──arm──► armed ──some minutes without a cut, or disarm──► safe
         either ──HALT──► halted ──release──► safe

HALT latches: no cuts until someone releases it, and releasing does not arm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Safety:
    """The state of the switch that every cut depends on.

    Attributes:
        armed_until: until when cuts are allowed; None means safe.
        halted: since when HALT is active; None if it is not.
        halted_by: who pressed it.
    """

    armed_until: float | None = None
    halted: float | None = None
    halted_by: str = ""

    def is_armed(self, now: float) -> bool:
        """Whether cuts are allowed at a moment."""
        return self.halted is None and self.armed_until is not None and now < self.armed_until

    def arm(self, until: float) -> Safety:
        """Allow cuts until a moment; changes nothing while HALT is active."""
        return self if self.halted is not None else replace(self, armed_until=until)

    def disarm(self) -> Safety:
        """Forbid cuts."""
        return replace(self, armed_until=None)

    def halt(self, by: str, now: float) -> Safety:
        """Forbid cuts until released. A second HALT does not replace the first."""
        if self.halted is not None:
            return self
        return Safety(halted=now, halted_by=by)

    def release(self) -> Safety:
        """End HALT, without arming."""
        return replace(self, halted=None, halted_by="")

    def later(self, by: float) -> Safety:
        """The same state with every moment `by` seconds later."""
        until, halted = self.armed_until, self.halted
        return replace(
            self,
            armed_until=None if until is None else until + by,
            halted=None if halted is None else halted + by,
        )

    def passed(self, now: float) -> Safety:
        """The state at `now`: safe once arming has run out."""
        late = self.armed_until is not None and now >= self.armed_until
        return self.disarm() if late else self
