"""Numbers are written as they are said."""

import pytest

from chaosmonkey.wording import duration


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (45, "45 s"), (600, "10 min"), (90, "1 min 30 s")]
)
def test_a_duration_has_minutes_and_seconds_where_it_needs_them(seconds: int, text: str) -> None:
    assert duration(seconds) == text
