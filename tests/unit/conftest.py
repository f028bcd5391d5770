"""Small things that many unit tests need."""

import pytest

from chaosmonkey.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
