"""A rail-present input: the feed's own voltage on a GPIO line, exact to a millisecond."""

from __future__ import annotations

from typing import NoReturn

from gpiozero.pins import Factory

from chaosmonkey.clock import Clock
from chaosmonkey.config import RailSensor
from chaosmonkey.model import FeedState
from chaosmonkey.sensors.base import Reading, Tell
from chaosmonkey.wires import InputLine


class RailInput:
    """Reports when the line has settled; raises PlugFailed if it cannot be opened."""

    interval = 0.0

    def __init__(self, settings: RailSensor, factory: Factory, clock: Clock, pace: Clock) -> None:
        self._high_when_on = settings.active_high
        self._line = InputLine(settings.pin, factory, pull_up=False, clock=clock, pace=pace)

    async def run(self, tell: Tell) -> NoReturn:
        """Report the line's state."""

        def report(high: bool | None, since: float) -> None:
            if high is None:
                tell(Reading(FeedState.UNKNOWN, since))
            else:
                tell(Reading(FeedState.ON if high == self._high_when_on else FeedState.OFF, since))

        await self._line.run(report)

    def close(self) -> None:
        """Release the line."""
        self._line.close()
