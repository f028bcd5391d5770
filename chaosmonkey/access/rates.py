"""Rate limits: sliding windows, kept in memory.

The limits let honest use pass and make guessing and flooding useless. A whole audience may share
one address (an access point with NAT), so the limit for joining is generous. Windows use a
monotonic clock: the `limits` library uses the system clock, so setting that back by an hour kept a
full window full for an hour.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from chaosmonkey.clock import Clock
from chaosmonkey.errors import ChaosMonkeyError

SWEEP = 60.0
"""Seconds of inactivity after which a key's window is dropped."""


class TooMany(ChaosMonkeyError):
    """A caller exceeds a rate limit."""

    status = 429
    exit_code = 3
    title = "Too many requests"


class Rate(Enum):
    """What is counted, and its limit for one key: times, and in how many seconds."""

    GUESS = 10, 60.0
    """By address: invalid tokens."""
    COMMAND = 400, 10.0
    """By token, session or address: cuts, scenes, rounds. HALT and restore are never counted."""
    PRESS = 10, 5.0
    """By seat: votes, guesses and presses."""
    JOIN = 6000, 60.0
    """By address: taking a seat."""

    def __str__(self) -> str:
        """Such as "10 per minute"."""
        times, seconds = self.value
        return f"{times} per {'minute' if seconds == 60 else f'{seconds:g} seconds'}"


class Rates:
    """Counts requests by a monotonic clock."""

    def __init__(self, pace: Clock) -> None:
        self._pace = pace
        self._happened: dict[tuple[Rate, str], deque[float]] = {}
        self._sweep = pace.now() + SWEEP

    def count(self, rate: Rate, key: str) -> None:
        """Count one request; raises TooMany above the limit."""
        times, seconds = rate.value
        now = self._pace.now()
        if now >= self._sweep:
            self._forget(now)
        happened = self._happened.setdefault((rate, key), deque())
        while happened and happened[0] <= now - seconds:
            happened.popleft()
        if len(happened) >= times:
            raise TooMany(
                f"Too many requests: the limit is {rate}.",
                remedy="Wait a moment, then try again.",
                rate=str(rate),
            )
        happened.append(now)

    def _forget(self, now: float) -> None:
        self._sweep = now + SWEEP
        self._happened = {
            (rate, key): happened
            for (rate, key), happened in self._happened.items()
            if happened and happened[-1] > now - rate.value[1]
        }
