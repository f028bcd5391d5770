"""A mechanical contact that bounces before it settles.

    open ──┐ ┌┐ ┌─ … settled
           └─┘└─┘

Bounces have their own random numbers: the rest of the simulation does not depend on them.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from chaosmonkey.simcluster.timeline import Booking, Span, Timeline

RELAY_BOUNCE: Span = (0.001, 0.003)
"""Seconds until a relay's contact settles (a small 5 V relay; engineering estimate)."""
BUTTON_BOUNCE: Span = (0.0005, 0.003)
"""Seconds until a button's contact settles (a microswitch; engineering estimate)."""

_BOUNCE_SHARE = 0.8
"""Share of the movements that bounce at all."""
_MOST_BOUNCES = 4


class Contact:
    """One contact.

    Args:
        timeline: schedules the bounces.
        chance: random numbers for the bounces, independent of the timeline's.
        span: the time until it settles, if it bounces at all.
        closed: whether it is closed at first.
        moved: called after every opening and closing, bounces included.

    Attributes:
        closed: whether it is closed, bounces ignored.
        touching: whether it is closed at this moment.
    """

    def __init__(
        self,
        timeline: Timeline,
        chance: random.Random,
        span: Span,
        *,
        closed: bool,
        moved: Callable[[], None],
    ) -> None:
        self.closed = self.touching = closed
        self._timeline = timeline
        self._chance = chance
        self._span = span
        self._moved = moved
        self._bounces: list[Booking] = []

    def move(self, *, closed: bool) -> None:
        """Close or open it at once; bounces follow."""
        if closed == self.closed:
            return
        for bounce in self._bounces:
            bounce.cancel()
        self.closed = closed
        self._bounces = [
            self._timeline.after(moment, lambda touching=touching: self._touch(touching))  # type: ignore[misc]
            for moment, touching in self._draw(closed=closed)
        ]
        self._touch(closed)

    def _touch(self, touching: bool) -> None:
        if touching != self.touching:
            self.touching = touching
            self._moved()

    def _draw(self, *, closed: bool) -> list[tuple[float, bool]]:
        """Draw the moments of opening and closing; the last one ends the bouncing."""
        if self._chance.random() >= _BOUNCE_SHARE:
            return []
        whole = self._chance.uniform(*self._span)
        moments = [
            self._chance.uniform(0, whole)
            for _ in range(2 * self._chance.randint(1, _MOST_BOUNCES))
        ]
        moments[0] = whole
        return [(moment, closed == bool(n % 2)) for n, moment in enumerate(sorted(moments))]
