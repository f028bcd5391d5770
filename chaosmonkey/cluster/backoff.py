"""Exponential backoff with jitter."""

from __future__ import annotations

from random import Random

FIRST, MOST = 0.25, 2.0
"""Seconds before the first retry, and the most between two. Low, because an audience is waiting."""


class Backoff:
    """Doubles from `first` to `most` seconds, each wait shortened at random by up to a half."""

    def __init__(self, random: Random, *, first: float = FIRST, most: float = MOST) -> None:
        self._random = random
        self._first = first
        self._most = most
        self._failures = 0

    @property
    def failures(self) -> int:
        """How many failures since the last success."""
        return self._failures

    def next(self) -> float:
        """Seconds to wait after one more failure."""
        whole = min(self._most, self._first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return whole * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Start again with the shortest wait, after a success."""
        self._failures = 0
