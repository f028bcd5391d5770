"""Quiet hours are times of day of this machine, and may pass midnight."""

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from chaosmonkey.control.quiet_hours import quiet_until


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


@pytest.mark.parametrize("end", ["23:59", "24:00", "00:00"])
def test_the_last_minute_of_a_day_is_quiet_too(end: str) -> None:
    late = at(23, 59) + 30
    assert quiet_until([f"22:00-{end}"], late) == at(0, day=21)
    assert quiet_until([f"22:00-{end}"], at(0, day=21)) is None


def test_a_whole_day_may_be_quiet() -> None:
    assert quiet_until(["00:00-24:00"], at(13)) == at(0, day=21)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("now", "until"),
    [
        # To winter time: at 01:00 UTC on 25 October 2026, 03:00 becomes 02:00.
        ("2026-10-24T20:30Z", "2026-10-25T06:00Z"),  # 22:30 in summer, until 07:00 in winter
        ("2026-10-25T05:59Z", "2026-10-25T06:00Z"),  # 06:59 in winter
        ("2026-10-25T06:00Z", None),
        # To summer time: at 01:00 UTC on 28 March 2027, 02:00 becomes 03:00.
        ("2027-03-27T21:30Z", "2027-03-28T05:00Z"),
        ("2027-03-28T04:59Z", "2027-03-28T05:00Z"),
        ("2027-03-28T05:00Z", None),
    ],
)
def test_the_night_of_the_clock_change_is_as_long_as_it_is(now: str, until: str | None) -> None:
    assert quiet_until(["22:00-07:00"], moment(now)) == (until and moment(until))


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-10-25T00:10Z", "2026-10-25T01:30Z"),  # 02:10 for the first time
        ("2026-10-25T01:10Z", "2026-10-25T01:30Z"),  # 02:10 for the second time
        ("2027-03-28T00:30Z", "2027-03-28T01:30Z"),  # there is no 02:30: it is 03:30
    ],
)
def test_an_end_in_the_hour_that_is_twice_or_not_there(now: str, until: str) -> None:
    assert quiet_until(["01:00-02:30"], moment(now)) == moment(until)


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
