"""How often somebody may do something; kept in memory, by moving windows.

The limits let every honest use pass and make guessing and flooding useless. A whole audience may
come from one address (an access point that translates addresses), so joining is counted
generously.
"""

from __future__ import annotations

from enum import Enum

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from chaosmonkey.errors import ChaosMonkeyError


class TooMany(ChaosMonkeyError):
    """Somebody asks more often than anyone needs to."""

    status = 429
    exit_code = 3
    title = "Too many requests"


class Rate(Enum):
    """What is counted, and how often it may happen for one key."""

    GUESS = "10 per minute"
    """By address: tokens that were none."""
    COMMAND = "400 per 10 second"
    """By token, session or address: cuts, scenes, rounds. HALT and restore are never counted."""
    PRESS = "10 per 5 second"
    """By seat: votes, guesses and presses."""
    JOIN = "6000 per minute"
    """By address: taking a seat."""


_ITEMS: dict[Rate, RateLimitItem] = {rate: parse(rate.value) for rate in Rate}


class Rates:
    """Counts what happened."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def count(self, rate: Rate, key: str) -> None:
        """One more; raises TooMany if that is too many."""
        if not await self._limiter.hit(_ITEMS[rate], rate.name, key):
            raise _too_many(rate)

    async def check(self, rate: Rate, key: str) -> None:
        """Raises TooMany if one more would be too many; counts nothing."""
        if not await self._limiter.test(_ITEMS[rate], rate.name, key):
            raise _too_many(rate)


def _too_many(rate: Rate) -> TooMany:
    return TooMany(
        f"That is more than {rate.value}.", remedy="Wait a moment, then try again.", rate=rate.value
    )
