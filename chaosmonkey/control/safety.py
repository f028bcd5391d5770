"""Whether anything may be cut at all: a value and its steps.

    safe ──arm──► armed ──some minutes without a cut, or disarm──► safe
      any of both ──HALT──► halted ──release──► safe

HALT latches: nothing is cut until somebody releases it, and releasing does not arm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Safety:
    """The switch that stands before every cut.

    Attributes:
        armed_until: until when cuts are allowed; None is safe.
        halted: since when HALT holds; None if it does not.
        halted_by: who pressed it.
    """

    armed_until: float | None = None
    halted: float | None = None
    halted_by: str = ""

    def is_armed(self, now: float) -> bool:
        """Whether cuts are allowed at a moment."""
        return self.halted is None and self.armed_until is not None and now < self.armed_until

    def arm(self, until: float) -> Safety:
        """Allow cuts until a moment; while HALT holds this changes nothing."""
        return self if self.halted is not None else replace(self, armed_until=until)

    def disarm(self) -> Safety:
        """Allow no cuts."""
        return replace(self, armed_until=None)

    def halt(self, by: str, now: float) -> Safety:
        """Allow no cuts until released. The first HALT is the one that is remembered."""
        if self.halted is not None:
            return self
        return Safety(halted=now, halted_by=by)

    def release(self) -> Safety:
        """End HALT; nothing is armed by that."""
        return replace(self, halted=None, halted_by="")

    def later(self, by: float) -> Safety:
        """The same with every moment `by` seconds later."""
        until, halted = self.armed_until, self.halted
        return replace(
            self,
            armed_until=None if until is None else until + by,
            halted=None if halted is None else halted + by,
        )

    def passed(self, now: float) -> Safety:
        """As time left it: an armed console becomes safe."""
        late = self.armed_until is not None and now >= self.armed_until
        return self.disarm() if late else self
