"""Hours of the day in which nothing is cut, by this machine's local time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from chaosmonkey.config import parse_span


def quiet_until(spans: Iterable[str], now: float) -> float | None:
    """When the quiet hours end that a moment lies in; None if it lies in none.

    Args:
        spans: such as "22:00-07:00", local time; one may pass midnight.
        now: seconds since 1970.
    """
    here = datetime.fromtimestamp(now).astimezone()
    ends = []
    for span in spans:
        begin, end = parse_span(span)
        for day in (-1, 0):
            start = here.replace(
                hour=begin.hour, minute=begin.minute, second=0, microsecond=0
            ) + timedelta(days=day)
            stop = start.replace(hour=end.hour, minute=end.minute)
            if stop <= start:
                stop += timedelta(days=1)
            if start <= here < stop:
                ends.append(stop.timestamp())
    return max(ends, default=None)
