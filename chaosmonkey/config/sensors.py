"""The settings of sensors, which tell whether a feed arrives.

The docstring under a key is its documentation in docs/configuration.md.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chaosmonkey.config.base import Section
from chaosmonkey.config.gpio_line import Bcm
from chaosmonkey.config.plugs import SnmpPort


class RailSensor(Section):
    """A GPIO input that is high while the feed is on: 5 V divided by 10 kΩ over 15 kΩ is 3.0 V."""

    driver: Literal["gpio"]
    pin: Bcm
    """BCM number of the line. It needs no pull: the divider drives it both ways."""

    active_high: bool = True
    """Whether a high level means that the feed is on; false behind an optocoupler."""


class CurrentSensor(Section):
    """An INA219, or a channel of an INA3221, on the I2C bus: it measures voltage and current."""

    driver: Literal["ina219", "ina3221"]
    address: int = Field(default=0x40, ge=0x40, le=0x4F)
    """I2C address of the chip."""

    channel: int = Field(default=1, ge=1, le=3)
    """Channel of an INA3221, as printed on its board."""

    shunt: float = Field(default=0.1, gt=0, le=10)
    """Ohms of the shunt resistor."""

    min_volts: float = Field(default=4.0, gt=0, le=26)
    """Volts below which the feed counts as off."""

    min_milliamps: float = Field(default=50.0, ge=0)
    """Milliamperes below which it counts as off too, since the cable is unplugged. A Raspberry Pi
    draws 200 or more; 0 checks the voltage only."""

    interval: float = Field(default=0.1, ge=0.02, le=60)
    """Seconds between two readings: the precision of the time of a loss."""


class PortSensor(SnmpPort):
    """A port of a managed switch: PoE is delivered (`poe`), or the link is up (`interface`)."""

    driver: Literal["snmp"]
    interval: float = Field(default=1.0, ge=0.1, le=60)
    """Seconds between two readings: the precision of the time of a loss."""


SensorSettings = RailSensor | CurrentSensor | PortSensor
"""The settings of one sensor, of any driver."""

SensorConfig = Annotated[SensorSettings, Field(discriminator="driver")]

SENSORS: dict[str, type[SensorSettings]] = {
    "gpio": RailSensor,
    "ina219": CurrentSensor,
    "ina3221": CurrentSensor,
    "snmp": PortSensor,
}
"""The sections by what `driver` says."""
