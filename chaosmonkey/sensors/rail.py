"""A rail-present input: the feed's own voltage on a GPIO line, exact to a millisecond."""

from __future__ import annotations

from typing import NoReturn

from gpiozero.pins import Factory

from chaosmonkey.clock import Clock
from chaosmonkey.config import RailSensor
from chaosmonkey.model import FeedState
from chaosmonkey.sensors.base import Reading, ReportReading
from chaosmonkey.wires import InputLine


class RailInput:
    """Reports when the line has settled; raises PlugFailed if it cannot be opened."""

    interval = 0.0

    def __init__(self, settings: RailSensor, factory: Factory, clock: Clock, pace: Clock) -> None:
        self._high_when_on = settings.active_high
        self._line = InputLine(settings.pin, factory, pull_up=False, clock=clock, pace=pace)

    async def run(self, report: ReportReading) -> NoReturn:
        """Report the line's state."""

        def level_changed(high: bool | None, since: float) -> None:
            if high is None:
                report(Reading(FeedState.UNKNOWN, since))
            else:
                feed = FeedState.ON if high == self._high_when_on else FeedState.OFF
                report(Reading(feed, since))

        await self._line.run(level_changed)

    def close(self) -> None:
        """Release the line."""
        self._line.close()
