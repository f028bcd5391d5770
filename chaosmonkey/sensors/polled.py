"""A sensor that is polled: a change happened between two of its answers."""

from __future__ import annotations

import logging
from typing import NoReturn, Protocol

from chaosmonkey.clock import Clock
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.sensors.base import Reading, ReportReading

log = logging.getLogger(__name__)


class FeedReader(Protocol):
    """A device whose feed state can be read."""

    async def read(self) -> FeedState:
        """The state now; raises PlugFailed."""
        ...


class PolledSensor:
    """Reads a device every `interval` seconds of real time.

    Args:
        clock: the time of the readings.
        pace: real time, also between two answers: `clock` may be corrected in between.
        speed: seconds of `clock` per real second.
    """

    def __init__(
        self,
        probe: FeedReader,
        *,
        interval: float,
        name: str,
        clock: Clock,
        pace: Clock,
        speed: float = 1.0,
    ) -> None:
        self.interval = interval
        self._speed = speed
        self._probe = probe
        self._name = name
        self._clock = clock
        self._pace = pace

    async def run(self, report: ReportReading) -> NoReturn:
        """Poll until cancelled; report each change."""
        reported: FeedState | None = None
        known = self._pace.now()
        while True:
            probed = self._pace.now()
            feed = await self._read_once(reported)
            if feed is not reported:
                within = (self._pace.now() - known) * self._speed
                report(Reading(feed, self._clock.now() - within, within))
                reported = feed
            if feed is not FeedState.UNKNOWN:
                known = probed
            await self._pace.sleep(self.interval)

    def close(self) -> None:
        """Nothing to release between two readings."""

    async def _read_once(self, before: FeedState | None) -> FeedState:
        try:
            return await self._probe.read()
        except PlugFailed as error:
            if before is not FeedState.UNKNOWN:
                log.error("%s: %s", self._name, error)
            return FeedState.UNKNOWN
