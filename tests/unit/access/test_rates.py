"""Rates let honest use pass and stop floods, one key apart from the other."""

import pytest

from chaosmonkey.access import Rate, Rates, TooMany
from chaosmonkey.access.rates import SWEEP
from chaosmonkey.clock import ManualClock


def full(rates: Rates, rate: Rate, key: str) -> None:
    for _ in range(rate.value[0]):
        rates.count(rate, key)


def test_more_than_the_rate_is_refused_and_another_key_is_not_hindered() -> None:
    rates = Rates(ManualClock())
    full(rates, Rate.GUESS, "10.0.0.1")
    with pytest.raises(TooMany, match="10 per minute"):
        rates.count(Rate.GUESS, "10.0.0.1")
    rates.count(Rate.GUESS, "10.0.0.2")
    rates.count(Rate.COMMAND, "10.0.0.1")


@pytest.mark.parametrize("rate", Rate)
async def test_a_window_moves_on(rate: Rate) -> None:
    clock = ManualClock()
    rates = Rates(clock)
    _, seconds = rate.value
    rates.count(rate, "a")
    await clock.advance(seconds - 1)
    for _ in range(rate.value[0] - 1):
        rates.count(rate, "a")
    with pytest.raises(TooMany):
        rates.count(rate, "a")
    await clock.advance(1)
    rates.count(rate, "a")
    with pytest.raises(TooMany):
        rates.count(rate, "a")


async def test_a_key_that_is_not_heard_of_any_more_takes_no_memory() -> None:
    clock = ManualClock()
    rates = Rates(clock)
    for number in range(1000):
        rates.count(Rate.GUESS, str(number))
    await clock.advance(SWEEP)
    rates.count(Rate.GUESS, "another")
    assert len(rates._happened) == 1


def test_no_two_rates_are_one() -> None:
    assert len(Rate) == len(Rate.__members__)
