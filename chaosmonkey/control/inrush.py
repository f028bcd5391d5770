"""Starts machines one after another when their power returns.

A Pi draws several times its idle current while it starts; a supply that feeds eight of them may not
manage all at once.
"""

from __future__ import annotations

from chaosmonkey.clock import Clock


class Inrush:
    """Gives out turns that are at least `pause` seconds apart."""

    def __init__(self, clock: Clock, pause: float) -> None:
        self._clock = clock
        self._pause = pause
        self._next = 0.0

    def clock_stepped(self, by: float) -> None:
        """Shift the next turn by the clock's correction."""
        self._next += by

    async def turn(self) -> None:
        """Return when it is the caller's turn: at once if the last turn was long enough ago."""
        now = self._clock.now()
        at = max(now, self._next)
        self._next = at + self._pause
        if at > now:
            await self._clock.sleep(at - now)
