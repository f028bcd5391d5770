"""What stands on the table besides plugs: sensors, buttons, LEDs.

The docstring under a key is its documentation, as in `sections`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from chaosmonkey.config.base import Section
from chaosmonkey.config.plugs import SnmpPort
from chaosmonkey.model import FeedKind


def _is_line(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 27:
        return value
    if isinstance(value, str) and re.fullmatch("[AB][0-7]", value):
        return value
    raise ValueError('must be a BCM number from 0 to 27, or "A0" to "B7" on the panel\'s expander')


def _is_input(value: object) -> object:
    if value in ("A7", "B7"):
        raise ValueError("A7 and B7 of an MCP23017 are outputs only (its data sheet, since 2022)")
    return value


Bcm = Annotated[int, Field(ge=0, le=27)]

Line = Annotated[int | str, BeforeValidator(_is_line)]
"""A line: its BCM number, or "A0" to "B7" on the panel's MCP23017."""

ButtonLine = Annotated[Line, AfterValidator(_is_input)]
"""A line that is read."""


class RailSensor(Section):
    """A GPIO input that is high while the feed is there: 5 V through 10 kΩ over 15 kΩ is 3.0 V."""

    driver: Literal["gpio"]
    pin: Bcm
    """BCM number of the line. It has no pull: the divider drives it both ways."""

    active_high: bool = True
    """Whether a high level means that the feed is there; false behind an optocoupler."""


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
    """Volts under which the feed counts as gone."""

    min_milliamps: float = Field(default=50.0, ge=0)
    """Milliamperes under which it counts as gone too: the cable hangs loose. A Raspberry Pi draws
    200 and more; 0 looks at the voltage alone."""

    interval: float = Field(default=0.1, ge=0.02, le=60)
    """Seconds between two readings, and so how exact the moment of a loss is."""


class PortSensor(SnmpPort):
    """A port of a managed switch: PoE is delivered (`poe`), or the link is up (`interface`)."""

    driver: Literal["snmp"]
    interval: float = Field(default=1.0, ge=0.1, le=60)
    """Seconds between two readings, and so how exact the moment of a loss is."""


SensorSettings = RailSensor | CurrentSensor | PortSensor
"""The settings of one sensor, of whatever driver."""

SensorConfig = Annotated[SensorSettings, Field(discriminator="driver")]

SENSORS: dict[str, type[SensorSettings]] = {
    "gpio": RailSensor,
    "ina219": CurrentSensor,
    "ina3221": CurrentSensor,
    "snmp": PortSensor,
}
"""The sections by what `driver` says."""


class Panel(Section):
    """Buttons and LEDs on the table. Those of a machine stand with it: `button`, `led`."""

    halt: ButtonLine | None = None
    """The line of the big red button, to ground. Pressed, it is HALT."""

    halt_contact: Literal["NC", "NO"] = "NC"
    """Its contact. NC (normally closed): a broken wire counts as pressed, the safe side."""

    hold: float = Field(default=1.5, ge=0.3, le=10)
    """Seconds that a machine's button is held before anything happens."""

    feed: FeedKind = FeedKind.POWER
    """What the buttons cut."""

    heartbeat: Line | None = None
    """The line of an LED that beats while this server lives: once a second safe, twice armed,
    without a pause in HALT."""

    expander: int | None = Field(default=None, ge=0x20, le=0x27)
    """I2C address of an MCP23017 whose lines are "A0" to "B7"."""

    interrupt: Bcm | None = None
    """BCM number of the line that the expander's INTA is wired to. Without it, it is asked a
    hundred times a second."""

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Panel:
        if self.interrupt is not None and self.expander is None:
            raise ValueError("`interrupt` is an expander's: its address, `expander`, is missing")
        return self
