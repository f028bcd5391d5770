"""Hours of the day in which nothing is cut, by this machine's local time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from chaosmonkey.config import parse_span


def quiet_until(spans: Iterable[str], now: float) -> float | None:
    """When the quiet hours in effect at `now` end; None if none are in effect.

    When clocks go back, an end that occurs twice counts the second time; when they go forward, a
    time of day that is skipped counts as one hour later.

    Args:
        spans: such as "22:00-07:00", local time; one may pass midnight.
        now: seconds since 1970.
    """
    today = datetime.fromtimestamp(now).date()  # noqa: DTZ006 - local time is what is meant
    ends = []
    for span in spans:
        begin, end = parse_span(span)
        for day in (today - timedelta(days=1), today):
            last = day if end > begin else day + timedelta(days=1)
            start = datetime.combine(day, begin).timestamp()
            stops = (datetime.combine(last, end.replace(fold=fold)) for fold in (0, 1))
            stop = max(moment.timestamp() for moment in stops)
            if start <= now < stop:
                ends.append(stop)
    return max(ends, default=None)
