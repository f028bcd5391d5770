"""Quiet hours are times of day of this machine, and may pass midnight."""

from datetime import datetime

import pytest

from chaosmonkey.outage.quiet import quiet_until


def at(hour: int, minute: int = 0, day: int = 20) -> float:
    return datetime(2026, 11, day, hour, minute).astimezone().timestamp()


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (at(21, 59), None),
        (at(22), at(7, day=21)),
        (at(3), at(7)),
        (at(6, 59), at(7)),
        (at(7), None),
    ],
)
def test_a_span_may_pass_midnight(now: float, until: float | None) -> None:
    assert quiet_until(["22:00-07:00"], now) == until


def test_the_latest_end_of_several_spans_counts() -> None:
    assert quiet_until(["12:00-13:00", "12:30-14:00"], at(12, 45)) == at(14)


def test_a_span_within_a_day_ends_on_that_day() -> None:
    assert quiet_until(["12:00-13:00"], at(12, 30)) == at(13)
    assert quiet_until(["12:00-13:00"], at(14)) is None


def test_without_spans_no_hour_is_quiet() -> None:
    assert quiet_until([], at(3)) is None
