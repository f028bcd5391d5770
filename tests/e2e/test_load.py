"""A small audience on one server, end to end: that everything arrives, not how fast."""

import pytest

from tests.benchmarks import load
from tests.benchmarks._hall import Scale

SMALL = Scale(phones=200, join=4, vote=2, pairs=3, abuse=5)

pytestmark = pytest.mark.e2e


async def test_an_audience_joins_votes_and_sees_the_result_whatever_else_comes_along() -> None:
    figures = await load.measure(SMALL)
    assert figures["join"]["failed"] == {}
    assert set(figures["fan_out"]["missed"].values()) == {0}
    voted = figures["vote"]
    assert voted["kill"] == 200
    assert voted["failed"] == {}
    assert voted["accepted"] == voted["counted"] == voted["saw_the_result"] == SMALL.phones
    assert figures["disconnects"] == 0
    assert figures["phones_at_the_end"] == SMALL.phones
    assert figures["server_mb"]["most"] < 250
