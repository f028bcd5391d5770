"""An INA3221 and an INA219: voltage and current of power feeds, in 16-bit registers over I2C.

    supply ── shunt 0.1 Ω ──┬── machine       shunt voltage: the current
                            └── bus voltage

After Texas Instruments' data sheets SBOS576, "INA3221 Triple-Channel, High-Side Measurement, Shunt
and Bus Voltage Monitor with I2C Interface", and SBOS448, "INA219 Zero-Drift, Bidirectional
Current/Power Monitor With I2C Interface". A word's high byte comes first. A register here always
has its current value. Averaging, modes, disabled channels, alerts and the INA219's calibration,
current and power are not modelled; their registers read as 0 and ignore writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

SHUNT = 0.1
"""Ω."""

_CONFIG = 0x00
_RESET = 0x8000


@dataclass(frozen=True)
class Measurement:
    """A measurement: volts after the shunt, amperes through it."""

    volts: float
    amperes: float


class Ina:
    """The common part of both chips: channels, a configuration, words of two bytes."""

    name: ClassVar[str]
    reset: ClassVar[int]
    channels: ClassVar[int]

    def __init__(self) -> None:
        self._config = self.reset
        self._probes: dict[int, Callable[[], Measurement]] = {}

    def fit(self, channel: int, probe: Callable[[], Measurement]) -> None:
        """Wire a channel into a feed.

        Raises:
            ValueError: the channel does not exist, or is taken.
        """
        if not 1 <= channel <= self.channels:
            raise ValueError(f"an {self.name} has no channel {channel}")
        if channel in self._probes:
            raise ValueError(f"channel {channel} of the {self.name} is wired to two feeds")
        self._probes[channel] = probe

    def read(self, register: int, count: int) -> bytes:
        """Read `count` bytes of a word. The pointer stays: the first byte follows the second."""
        word = self._config if register == _CONFIG else self._word(register)
        return (word.to_bytes(2, "big") * count)[:count]

    def write(self, register: int, data: bytes) -> None:
        """Write the configuration; its highest bit resets it. Other registers ignore writes."""
        if register == _CONFIG and len(data) >= 2:
            word = int.from_bytes(data[:2], "big")
            self._config = self.reset if word & _RESET else word

    def describe(self) -> dict[str, Any]:
        """The chip as JSON, with a measurement of each channel."""
        measured: Mapping[int, Measurement] = {
            channel: self._measure(channel) for channel in self._probes
        }
        return {
            "chip": self.name,
            "channels": {
                str(channel): {"volts": round(now.volts, 3), "amperes": round(now.amperes, 3)}
                for channel, now in sorted(measured.items())
            },
        }

    def _measure(self, channel: int) -> Measurement:
        """Measure a channel; an unconnected one reads 0."""
        return self._probes[channel]() if channel in self._probes else Measurement(0.0, 0.0)

    def _word(self, register: int) -> int:
        raise NotImplementedError


class Ina3221(Ina):
    """Three channels: 40 µV per step over the shunt, 8 mV per step of bus voltage."""

    name = "ina3221"
    reset = 0x7127
    channels = 3

    def _word(self, register: int) -> int:
        match register:
            case 0x01 | 0x03 | 0x05:
                shunt = self._measure((register + 1) // 2).amperes * SHUNT
                return (_steps(shunt, 40e-6, bits=12) << 3) & 0xFFFF
            case 0x02 | 0x04 | 0x06:
                return (_steps(self._measure(register // 2).volts, 8e-3, bits=12) << 3) & 0xFFFF
            case 0xFE:
                return 0x5449  # "TI"
            case 0xFF:
                return 0x3220
            case _:
                return 0


class Ina219(Ina):
    """One channel: 10 µV per step over the shunt, 4 mV per step of bus voltage."""

    name = "ina219"
    reset = 0x399F
    channels = 1

    def _word(self, register: int) -> int:
        match register:
            case 0x01:
                return _steps(self._measure(1).amperes * SHUNT, 10e-6, bits=15) & 0xFFFF
            case 0x02:
                # Bit 1: a conversion is ready (CNVR). Bit 0: overflow.
                return (_steps(self._measure(1).volts, 4e-3, bits=12) << 3) & 0xFFFF | 0b10
            case _:
                return 0


def _steps(value: float, step: float, *, bits: int) -> int:
    """A value in steps, limited to what `bits` can hold."""
    most = (1 << bits) - 1
    return max(-most, min(most, round(value / step)))
