"""A sensor that is asked: how exact its moments are, and what it says when it cannot tell."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chaosmonkey.clock import ManualClock
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.sensors import Reading
from chaosmonkey.sensors.polled import PolledSensor


class Probe:
    def __init__(self) -> None:
        self.feed: FeedState | None = FeedState.ON

    async def read(self) -> FeedState:
        if self.feed is None:
            raise PlugFailed("no answer")
        return self.feed


class Asked:
    def __init__(self) -> None:
        self.clock, self.probe = ManualClock(), Probe()
        self.sensor = PolledSensor(
            self.probe, interval=1.0, name="node3's", clock=self.clock, pace=self.clock
        )
        self.told: list[Reading] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Asked"]:
        async with asyncio.TaskGroup() as tasks:
            run = tasks.create_task(self.sensor.run(self.told.append))
            await self.clock.advance(0.5)
            yield self
            run.cancel()


async def test_a_change_happened_between_two_answers() -> None:
    async with Asked().running() as asked:
        began = asked.clock.now() - 0.5
        await asked.clock.advance(3)
        asked.probe.feed = FeedState.OFF
        await asked.clock.advance(1)
        first, change = asked.told
        assert first.feed is FeedState.ON
        assert (change.feed, change.since, change.within) == (FeedState.OFF, began + 3, 1.0)


async def test_a_sensor_that_fails_says_unknown_once_and_goes_on() -> None:
    async with Asked().running() as asked:
        asked.probe.feed = None
        await asked.clock.advance(5)
        assert [reading.feed for reading in asked.told] == [FeedState.ON, FeedState.UNKNOWN]
        asked.probe.feed = FeedState.ON
        await asked.clock.advance(1)
        assert asked.told[-1].feed is FeedState.ON


async def test_a_loss_while_it_could_not_tell_is_as_inexact_as_its_silence_was_long() -> None:
    async with Asked().running() as asked:
        began = asked.clock.now() - 0.5
        asked.probe.feed = None
        await asked.clock.advance(10)
        asked.probe.feed = FeedState.OFF
        await asked.clock.advance(1)
        assert asked.told[-1].since == began
        assert asked.told[-1].within == 11.0
