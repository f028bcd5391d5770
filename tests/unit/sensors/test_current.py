"""Current monitors: words as their data sheets write them, and the simulator's chips."""

from collections.abc import Callable

import pytest

from chaosmonkey.config import CurrentSensor
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.sensors.current import CurrentMonitor


class Words:
    """A bus whose chip has these registers."""

    def __init__(self, words: dict[int, int]) -> None:
        self._words = words

    def read(self, address: int, register: int, count: int) -> bytes:
        if address != 0x40:
            raise OSError("no acknowledgement")
        return (self._words[register] & 0xFFFF).to_bytes(count, "big")

    def write(self, address: int, register: int, data: bytes) -> None:
        raise AssertionError("a sensor writes nothing")


def ina219(volts: float, milliamps: float) -> Words:
    """Shunt 0.1 ohm: 10 µV a step are 0.1 mA; the bus register is 4 mV a step from bit 3."""
    return Words({0x01: round(milliamps * 10), 0x02: round(volts / 0.004) << 3 | 0b010})


def ina3221(volts: float, milliamps: float) -> Words:
    """Shunt 0.1 ohm: 40 µV a step from bit 3 are 0.4 mA; 8 mV a step from bit 3. Channel 2."""
    return Words({0x03: round(milliamps / 0.4) << 3, 0x04: round(volts / 0.008) << 3})


@pytest.mark.parametrize(("driver", "chip"), [("ina219", ina219), ("ina3221", ina3221)])
@pytest.mark.parametrize(
    ("volts", "milliamps", "feed"),
    [
        (5.1, 450, FeedState.ON),
        (0.0, 0, FeedState.OFF),
        (5.1, 0, FeedState.OFF),  # the cable hangs loose
        (3.2, 450, FeedState.OFF),
        (5.1, -20, FeedState.OFF),  # the shunt the wrong way round measures below zero
    ],
)
async def test_a_feed_is_on_with_voltage_and_somebody_who_draws(
    driver: str,
    chip: Callable[[float, float], Words],
    volts: float,
    milliamps: float,
    feed: FeedState,
) -> None:
    settings = CurrentSensor(driver=driver, channel=2 if driver == "ina3221" else 1)
    assert await CurrentMonitor(settings, chip(volts, milliamps)).read() is feed


async def test_without_a_least_current_voltage_is_enough() -> None:
    settings = CurrentSensor(driver="ina219", min_milliamps=0)
    assert await CurrentMonitor(settings, ina219(5.1, 0)).read() is FeedState.ON


async def test_the_shunts_resistance_scales_the_current() -> None:
    settings = CurrentSensor(driver="ina219", shunt=0.01, min_milliamps=400)
    assert await CurrentMonitor(settings, ina219(5.1, 45)).read() is FeedState.ON


async def test_a_chip_that_does_not_answer_is_named() -> None:
    settings = CurrentSensor(driver="ina219", address=0x41)
    with pytest.raises(PlugFailed, match="The ina219 at 0x41 does not answer"):
        await CurrentMonitor(settings, ina219(5, 450)).read()
