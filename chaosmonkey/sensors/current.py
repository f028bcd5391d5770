"""Texas Instruments' current monitors on the I2C bus: is there voltage, and does current flow?

    chip      shunt voltage                bus voltage                  data sheet
    INA219    0x01: 10 µV a step           0x02, bits 15-3: 4 mV        SBOS448
    INA3221   0x01, 03, 05, bits 15-3:     0x02, 04, 06, bits 15-3:     SBOS576
              40 µV a step                 8 mV a step

Both measure continuously after power-up; nothing is written to them.
"""

from __future__ import annotations

import asyncio

from chaosmonkey.config import CurrentSensor
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.wires import I2cBus


class CurrentMonitor:
    """One INA219, or one channel of an INA3221."""

    def __init__(self, settings: CurrentSensor, bus: I2cBus) -> None:
        self._settings = settings
        self._bus = bus

    async def read(self) -> FeedState:
        """On at enough volts and milliamperes; raises PlugFailed."""
        volts, amperes = await asyncio.to_thread(self._measure)
        settings = self._settings
        enough = volts >= settings.min_volts and amperes * 1000 >= settings.min_milliamps
        return FeedState.ON if enough else FeedState.OFF

    def _measure(self) -> tuple[float, float]:
        """Volts at the load and amperes into it."""
        settings = self._settings
        if settings.driver == "ina219":
            shunt, bus = self._word(0x01) * 10e-6, (self._word(0x02) >> 3) * 4e-3
        else:
            shunt = (self._word(2 * settings.channel - 1) >> 3) * 40e-6
            bus = (self._word(2 * settings.channel) >> 3) * 8e-3
        return bus, shunt / settings.shunt

    def _word(self, register: int) -> int:
        """Read a register: 16 bits, signed, high byte first."""
        address = self._settings.address
        try:
            return int.from_bytes(self._bus.read(address, register, 2), "big", signed=True)
        except OSError as error:
            raise PlugFailed(
                f"The {self._settings.driver} at {address:#x} does not answer: {error}.",
                remedy="Check its wiring, its power and its address (i2cdetect).",
            ) from None
