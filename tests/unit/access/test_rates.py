"""Rates let honest use pass and stop floods, one key apart from the other."""

import pytest

from chaosmonkey.access import Rate, Rates, TooMany


async def test_more_than_the_rate_is_refused_and_another_key_is_not_hindered() -> None:
    rates = Rates()
    for _ in range(10):
        await rates.count(Rate.GUESS, "10.0.0.1")
    with pytest.raises(TooMany, match="10 per minute"):
        await rates.count(Rate.GUESS, "10.0.0.1")
    await rates.count(Rate.GUESS, "10.0.0.2")


def test_no_two_rates_are_one() -> None:
    assert len(Rate) == len(Rate.__members__)
