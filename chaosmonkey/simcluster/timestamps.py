"""Timestamps as in Kubernetes: RFC 3339 in UTC, with whole seconds or microseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=1024)
def _whole(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp(moment: float) -> str:
    """A moment (seconds since the epoch) cut to whole seconds, as `metav1.Time` does."""
    return _whole(int(moment))


def micro_stamp(moment: float) -> str:
    """A moment with six decimals, as `metav1.MicroTime` does (leases, eventTime)."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str) -> float:
    """Parse a timestamp into seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()
