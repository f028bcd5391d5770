"""The relays and rail inputs of the table, read from lab.toml so that all drawings agree.

lab.toml ─► channel: machine, feed ─► BCM line ─► header pin ─► driver chip ─► relay
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from chaosmonkey.config import GpioPlug, Lab, RailSensor, build
from chaosmonkey.model import FeedKind

HERE = Path(__file__).parent

HEADER = {
    0: 27, 1: 28, 2: 3, 3: 5, 4: 7, 5: 29, 6: 31, 7: 26, 8: 24, 9: 21, 10: 19, 11: 23, 12: 32,
    13: 33, 14: 8, 15: 10, 16: 36, 17: 11, 18: 12, 19: 35, 20: 38, 21: 40, 22: 15, 23: 16, 24: 18,
    25: 22, 26: 37, 27: 13,
}  # fmt: skip
"""BCM line → pin of the 40-pin header."""

COIL_PIN, GROUND_PIN = 2, 6
"""Header pins that feed the coils: 5 V and ground."""

SUPPLY_PIN = 1
"""Header pin with 3.3 V."""

PANEL_GROUND_PIN, RED_GROUND_PIN, SENSE_GROUND_PIN = 14, 30, 25
"""Ground pins of the header: for the panel, the red button and the rail inputs."""

PULLED_UP = range(9)
"""BCM lines that a Raspberry Pi pulls up at boot; the others it pulls down."""

RESERVED = {
    0: "ID EEPROM", 1: "ID EEPROM", 2: "I2C", 3: "I2C", 14: "UART: output at boot",
    15: "UART: output at boot",
}  # fmt: skip
"""BCM lines with another use."""

COLOURS = ("BN", "RD", "OG", "YE", "GN", "BU", "VT", "GY")
"""Wire colours by worker number, as IEC 60757 codes."""

CHANNELS_OF_A_DRIVER = 8
"""Channels of a ULN2803A."""


WORKER_PIN = 2
"""Pin of a worker's header where its 5 V is sensed, behind its USB socket."""


@dataclass(frozen=True)
class Channel:
    """One relay of the table.

    Attributes:
        machine: the machine whose feed it switches.
        number: the machine's number on the table, from 1, and its channel in the chip.
        feed: power or network.
        bcm: the line, as lab.toml has it.
    """

    machine: str
    number: int
    feed: FeedKind
    bcm: int

    @property
    def header(self) -> int:
        """The line's pin on the 40-pin header."""
        return HEADER[self.bcm]

    @property
    def driver(self) -> str:
        """The relay's ULN2803A: U1 for power, U2 for network."""
        return "U1" if self.feed is FeedKind.POWER else "U2"

    @property
    def input(self) -> int:
        """The chip's input pin: 1 to 8."""
        return self.number

    @property
    def output(self) -> int:
        """The chip's output pin, opposite the input: 18 down to 11."""
        return 19 - self.number

    @property
    def relay(self) -> str:
        """The relay's name: K1, K2, … for power; K11, K12, … for network."""
        return f"K{self.number if self.feed is FeedKind.POWER else 10 + self.number}"

    @property
    def colour(self) -> str:
        """The colour of its wires."""
        return COLOURS[self.number - 1]


@dataclass(frozen=True)
class Rail:
    """One input that senses a worker's 5 V.

    Attributes:
        machine: the worker's name.
        number: the machine's number on the table, from 1.
        bcm: the line, as lab.toml has it.
    """

    machine: str
    number: int
    bcm: int

    @property
    def header(self) -> int:
        """The line's pin on the 40-pin header."""
        return HEADER[self.bcm]

    @property
    def relay(self) -> str:
        """The relay in its worker's feed."""
        return f"K{self.number}"

    @property
    def colour(self) -> str:
        """The colour of its wire."""
        return COLOURS[self.number - 1]


def example(name: str = "lab") -> Lab:
    """Load the classic table, or another example in this folder, without its secrets."""
    text = (HERE / f"{name}.toml").read_text(encoding="utf-8")
    return build(tomllib.loads(re.sub(r"\{env:\w+\}", "a secret", text)))


def channels(lab: Lab, feed: FeedKind, *, active_high: bool = True) -> list[Channel]:
    """The relays of one feed. Raises ValueError for a table that cannot be drawn."""
    found = []
    for number, machine in enumerate(lab.machine, start=1):
        match machine.plug(feed):
            case GpioPlug(pin=pin, contact="NC", active_high=high) if high is active_high:
                found.append(Channel(machine.name, number, feed, pin))
            case GpioPlug():
                level = "high" if active_high else "low"
                raise ValueError(
                    f"{machine.name}: the drawing needs NC contacts on active-{level} drivers"
                )
            case _:
                pass
    if len(lab.machine) > CHANNELS_OF_A_DRIVER:
        raise ValueError(f"a driver has {CHANNELS_OF_A_DRIVER} channels: split the table in two")
    return found


def rails(lab: Lab) -> list[Rail]:
    """The inputs that sense the workers' 5 V. Raises ValueError if they cannot be drawn."""
    found = []
    for number, machine in enumerate(lab.machine, start=1):
        match machine.power_sensor:
            case RailSensor(pin=pin, active_high=True):
                found.append(Rail(machine.name, number, pin))
            case RailSensor():
                raise ValueError(
                    f"{machine.name}: the drawing needs a divider that is high while power is on"
                )
            case _:
                pass
    return found
