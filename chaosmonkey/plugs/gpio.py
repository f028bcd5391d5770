"""A relay on a GPIO line: gpiozero's OutputDevice, "active" meaning that the coil draws current.

    contact   feed on     feed off    released line (process gone, booting)
    NC        coil off    coil on     feed on
    NO        coil on     coil off    feed off

The mock is this same class on mock pins.
"""

from __future__ import annotations

import gpiozero
from gpiozero.pins import Factory

from chaosmonkey.config import GpioPlug
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState


class RelayPlug:
    """Feeds a machine through a relay contact; the feed is on from the moment of opening."""

    in_flight = 0.0
    remark = ""

    def __init__(self, settings: GpioPlug, factory: Factory) -> None:
        self._coil_when_on = settings.contact == "NO"
        self._pin = settings.pin
        try:
            self._relay = gpiozero.OutputDevice(
                settings.pin,
                active_high=settings.active_high,
                initial_value=self._coil_when_on,
                pin_factory=factory,
            )
        except PlugFailed:
            raise
        except Exception as error:  # noqa: BLE001 - pin factories raise their own, as lgpio.error
            raise self._failed(error) from None

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:  # noqa: ARG002 - a relay has no timer
        """Set the level; the contact follows within 10 ms (SRD-05VDC-SL-C data sheet)."""
        try:
            self._relay.value = on == self._coil_when_on
        except gpiozero.GPIOZeroError as error:
            raise self._failed(error) from None

    async def read(self) -> FeedState:
        """The state by the line's level. Only a sensor can tell what the contact does."""
        if self._relay.closed:
            return FeedState.UNKNOWN
        return FeedState.ON if bool(self._relay.value) == self._coil_when_on else FeedState.OFF

    async def close(self) -> None:
        """Turn the feed on and release the line. A NO contact is held: released, it would open."""
        if self._relay.closed:
            return
        await self.switch(on=True)
        if not self._coil_when_on:
            self._relay.close()

    def _failed(self, error: Exception) -> PlugFailed:
        return PlugFailed(
            f"GPIO {self._pin}: {error}",
            remedy="Check that no other process uses it and that this user is in the group gpio.",
            pin=self._pin,
        )
