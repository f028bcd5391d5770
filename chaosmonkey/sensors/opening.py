"""A sensor that is opened when possible: one that fails reports unknown and is retried."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NoReturn

from chaosmonkey.clock import Clock
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.sensors.base import Reading, ReportReading, Sensor

log = logging.getLogger(__name__)

RETRY = 5.0
"""Real seconds after which a failed sensor is reopened."""


class OpeningSensor:
    """Opens and runs a sensor, and reopens it after any failure.

    Args:
        open_sensor: opens it; raises PlugFailed.
        interval: as in `Sensor`; taken from the settings, since the device may not be open.
    """

    def __init__(
        self,
        open_sensor: Callable[[], Sensor],
        *,
        interval: float,
        name: str,
        clock: Clock,
        pace: Clock,
    ) -> None:
        self.interval = interval
        self._open_sensor = open_sensor
        self._name = name
        self._clock = clock
        self._pace = pace
        self._sensor: Sensor | None = None

    async def run(self, report: ReportReading) -> NoReturn:
        """As `Sensor`."""
        failing = ""
        while True:
            try:
                self._sensor = self._sensor or self._open_sensor()
                await self._sensor.run(report)
            except PlugFailed as error:
                failed = str(error)
            except Exception as error:  # noqa: BLE001 - devices and libraries surprise in every way
                failed = f"it failed unexpectedly ({type(error).__name__}: {error})."
                self.close()
            if failed != failing:
                log.error("%s: %s Retrying.", self._name, failed)
            failing = failed
            report(Reading(FeedState.UNKNOWN, self._clock.now()))
            await self._pace.sleep(RETRY)

    def close(self) -> None:
        """As `Sensor`."""
        sensor, self._sensor = self._sensor, None
        if sensor is not None:
            sensor.close()
