"""A sensor whose device is away, busy or mad: it says unknown, and ends nothing but itself."""

import asyncio
from collections.abc import Callable
from typing import NoReturn

import pytest

from chaosmonkey.clock import ManualClock
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.sensors.base import Reading, Sensor
from chaosmonkey.sensors.opening import RETRY, OpeningSensor


class Steady:
    interval = 0.0

    def __init__(self, *, breaks: BaseException | None = None) -> None:
        self.breaks = breaks
        self.closed = False

    async def run(self, tell: Callable[[Reading], None]) -> NoReturn:
        tell(Reading(FeedState.ON, 0.0))
        if self.breaks is not None:
            raise self.breaks
        while True:
            await asyncio.Event().wait()

    def close(self) -> None:
        self.closed = True


def opening(open_sensor: Callable[[], Sensor], clock: ManualClock) -> OpeningSensor:
    return OpeningSensor(
        open_sensor, interval=0.0, name="node3's power sensor", clock=clock, pace=clock
    )


async def told(sensor: OpeningSensor, clock: ManualClock, seconds: float) -> list[FeedState]:
    feeds: list[FeedState] = []
    watching = asyncio.gather(sensor.run(lambda reading: feeds.append(reading.feed)))
    await clock.advance(seconds)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return feeds


async def test_a_sensor_that_cannot_be_opened_says_unknown_until_it_can() -> None:
    clock = ManualClock()
    answers: list[PlugFailed | Steady] = [
        PlugFailed("GPIO busy"),
        PlugFailed("GPIO busy"),
        Steady(),
    ]

    def open_sensor() -> Sensor:
        answer = answers.pop(0)
        if isinstance(answer, PlugFailed):
            raise answer
        return answer

    feeds = await told(opening(open_sensor, clock), clock, 2 * RETRY + 1)
    assert feeds == [FeedState.UNKNOWN, FeedState.UNKNOWN, FeedState.ON]


@pytest.mark.parametrize(
    "error",
    [RecursionError(), MemoryError(), UnicodeEncodeError("ascii", "é", 0, 1, "no"), OSError()],
)
async def test_whatever_a_sensor_raises_is_its_own_trouble(error: Exception) -> None:
    clock, made = ManualClock(), [Steady(breaks=error), Steady()]
    first = made[0]
    feeds = await told(opening(lambda: made.pop(0), clock), clock, RETRY + 1)
    assert feeds == [FeedState.ON, FeedState.UNKNOWN, FeedState.ON]
    assert first.closed
