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


def _too_many(rate: Rate) -> TooMany:
    return TooMany(
        f"Too many requests: the limit is {rate}.",
        remedy="Wait a moment, then try again.",
        rate=str(rate),
    )


class TokenBucket:
    """A rate limit of one connection: two numbers, however many connections there are."""

    __slots__ = ("_at", "_left", "_pace", "_rate")

    def __init__(self, rate: Rate, pace: Clock) -> None:
        self._rate = rate
        self._pace = pace
        self._left, self._at = float(rate.value[0]), pace.now()

    def take(self) -> None:
        """Count one request; raises TooMany above the limit."""
        (times, seconds), now = self._rate.value, self._pace.now()
        self._left = min(times, self._left + (now - self._at) * times / seconds)
        self._at = now
        if self._left < 1:
            raise _too_many(self._rate)
        self._left -= 1


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
            raise _too_many(rate)
        happened.append(now)

    def bucket(self, rate: Rate) -> TokenBucket:
        """Return a limit for one connection, by the same clock."""
        return TokenBucket(rate, self._pace)

    def _forget(self, now: float) -> None:
        self._sweep = now + SWEEP
        self._happened = {
            (rate, key): happened
            for (rate, key), happened in self._happened.items()
            if happened and happened[-1] > now - rate.value[1]
        }
