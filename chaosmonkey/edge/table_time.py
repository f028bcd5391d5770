"""The table's time on an edge: the last pulse, and the time that passed since."""

from __future__ import annotations

from chaosmonkey.clock import Clock
from chaosmonkey.scale import Pulse

LOST_AFTER = 5.0
"""Real seconds without a pulse after which the link to the table is down: four were lost."""


class TableTime:
    """A clock that follows the table's.

    Args:
        pace: real time.
        wall: this machine's time, used until the table's is known.
    """

    def __init__(self, pace: Clock, wall: Clock) -> None:
        self._pace = pace
        self._wall = wall
        self._pulse: Pulse | None = None
        self._pulse_at = pace.now()

    def now(self) -> float:
        """Return the table's time, in seconds since 1970, as far as it is known."""
        if self._pulse is None:
            return self._wall.now()
        return self._pulse.at + (self._pace.now() - self._pulse_at) * self._pulse.speed

    def follow(self, pulse: Pulse) -> None:
        """Set the clock."""
        self._pulse, self._pulse_at = pulse, self._pace.now()

    @property
    def is_lost(self) -> bool:
        """Whether there was no pulse for too long."""
        return self._pace.now() - self._pulse_at > LOST_AFTER
