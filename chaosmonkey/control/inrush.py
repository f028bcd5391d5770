"""Machines that get their power back start one after the other.

A starting Pi draws several times its idle current for a moment; a supply that feeds eight of them
may not give that to all at once.
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
        """The clock was set right: the next turn is as far away as before."""
        self._next += by

    async def turn(self) -> None:
        """Return when it is the caller's turn, which is at once if nobody had one lately."""
        now = self._clock.now()
        at = max(now, self._next)
        self._next = at + self._pause
        if at > now:
            await self._clock.sleep(at - now)
