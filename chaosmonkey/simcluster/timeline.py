"""Everything that will happen, in order: no thread, no sleep, no wall clock.

    at(when, call) ─► heap ─► run_until(moment) ─► call() ─► at(…) ─► …

Two runs with the same seed and the same calls are the same to the last draw, so that a test runs
minutes of a cluster's life in milliseconds. A live process lets `run_until` follow a real clock and
is told, through `earlier`, when something was booked before what it is waiting for.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable

Span = tuple[float, float]
"""From and to, in seconds; a duration is drawn evenly in between."""


class Booking:
    """Something that will happen at `when`, unless it is cancelled before."""

    __slots__ = ("_call", "when")

    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self.when = when
        self._call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Let it not happen; harmless afterwards and when repeated."""
        self._call = None

    @property
    def pending(self) -> bool:
        """Whether it is still to happen."""
        return self._call is not None

    def happen(self) -> None:
        """Happen, at most once."""
        call, self._call = self._call, None
        if call is not None:
            call()


class Timeline:
    """The one order of events of a simulated world, and its one source of chance."""

    def __init__(self, start: float, *, seed: int = 0) -> None:
        self.now = start
        self.random = random.Random(seed)  # noqa: S311 - chance of a simulation, not a secret
        self.on_earlier: Callable[[], None] = _ignore
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Booking]] = []

    def at(self, when: float, call: Callable[[], None]) -> Booking:
        """Book `call` for a moment; one in the past happens as soon as time moves."""
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
        """A number drawn evenly from a span."""
        low, high = span
        return low if low == high else self.random.uniform(low, high)

    def next_due(self) -> float | None:
        """The moment of the next event, or None if nothing will ever happen."""
        while self._heap and not self._heap[0][2].pending:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def run_until(self, moment: float) -> None:
        """Let everything up to and including `moment` happen, each at its own time."""
        while self._heap and self._heap[0][0] <= moment:
            when, _, booking = heapq.heappop(self._heap)
            if booking.pending:
                self.now = max(self.now, when)
                booking.happen()
        self.now = max(self.now, moment)


def _ignore() -> None:
    """Nobody waits."""
