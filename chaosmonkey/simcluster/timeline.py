"""The event queue of a simulated world: no threads, no sleeping, no wall clock.

    at(when, call) ─► heap ─► run_until(moment) ─► call() ─► at(…) ─► …

Two runs with the same seed and the same calls are identical, and a test runs minutes of a cluster's
life in milliseconds. In a live process `run_until` follows a real clock; `on_earlier` is called
when an event is booked before the one that it waits for.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable

Span = tuple[float, float]
"""Minimum and maximum, in seconds; a duration is drawn uniformly in between."""


class Booking:
    """A call booked for `when`, unless it is cancelled before."""

    __slots__ = ("_call", "when")

    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self.when = when
        self._call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Cancel the call; does nothing after it has run or when repeated."""
        self._call = None

    @property
    def pending(self) -> bool:
        """Whether the call is still to run."""
        return self._call is not None

    def happen(self) -> None:
        """Run the call, at most once."""
        call, self._call = self._call, None
        if call is not None:
            call()


class Timeline:
    """The event queue of a simulated world, and the source of its random numbers."""

    def __init__(self, start: float, *, seed: int = 0) -> None:
        self.now = start
        self.random = random.Random(seed)  # noqa: S311 - chance of a simulation, not a secret
        self.on_earlier: Callable[[], None] = _ignore
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Booking]] = []

    def at(self, when: float, call: Callable[[], None]) -> Booking:
        """Book `call` for a moment; one in the past runs as soon as time moves."""
        booking = Booking(max(when, self.now), call)
        first = not self._heap or booking.when < self._heap[0][0]
        heapq.heappush(self._heap, (booking.when, next(self._order), booking))
        if first:
            self.on_earlier()
        return booking

    def after(self, seconds: float, call: Callable[[], None]) -> Booking:
        """Book `call` for `seconds` from now."""
        return self.at(self.now + seconds, call)

    def within(self, span: Span, call: Callable[[], None]) -> Booking:
        """Book `call` for a moment drawn from a span that starts now."""
        return self.after(self.draw(span), call)

    def draw(self, span: Span) -> float:
        """Draw a number uniformly from a span."""
        low, high = span
        return low if low == high else self.random.uniform(low, high)

    def next_due(self) -> float | None:
        """The moment of the next event, or None if nothing is booked."""
        while self._heap and not self._heap[0][2].pending:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def run_until(self, moment: float) -> None:
        """Run every event up to and including `moment`, each at its own time."""
        while self._heap and self._heap[0][0] <= moment:
            when, _, booking = heapq.heappop(self._heap)
            if booking.pending:
                self.now = max(self.now, when)
                booking.happen()
        self.now = max(self.now, moment)


def _ignore() -> None:
    """Ignore the call."""
