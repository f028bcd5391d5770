"""Which line of the header drives which relay, read from lab.toml so that all drawings agree.

lab.toml ─► channel: machine, feed ─► BCM line ─► pin of the header ─► driver chip ─► relay
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
"""Pins of the header that feed the coils: 5 V and ground."""

SUPPLY_PIN = 1
"""Pin of the header that gives 3.3 V."""

PANEL_GROUND_PIN, RED_GROUND_PIN, SENSE_GROUND_PIN = 14, 30, 25
"""Pins of the header that are ground: the panel's, the red button's, that of the rail inputs."""

PULLED_UP = range(9)
"""BCM lines that a Raspberry Pi pulls up at boot; the others it pulls down."""

RESERVED = {
    0: "ID EEPROM", 1: "ID EEPROM", 2: "I2C", 3: "I2C", 14: "UART: chatters at boot",
    15: "UART: chatters at boot",
}  # fmt: skip
"""BCM lines that have another use, and which."""

COLOURS = ("BN", "RD", "OG", "YE", "GN", "BU", "VT", "GY")
"""Colour of a worker's wires, by its number, as IEC 60757 abbreviates it."""

CHANNELS_OF_A_DRIVER = 8
"""A ULN2803A has eight."""


WORKER_PIN = 2
"""Pin of a worker's own header where its 5 V are sensed: behind its USB socket."""


@dataclass(frozen=True)
class Channel:
    """One relay of the table.

    Attributes:
        machine: whose feed it switches.
        number: of the machine on the table, from 1, and of the channel in its chip.
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
        """The ULN2803A: U1 for power, U2 for network."""
        return "U1" if self.feed is FeedKind.POWER else "U2"

    @property
    def input(self) -> int:
        """Its input pin of the chip: 1 to 8."""
        return self.number

    @property
    def output(self) -> int:
        """Its output pin of the chip, opposite the input: 18 down to 11."""
        return 19 - self.number

    @property
    def relay(self) -> str:
        """K1, K2, … switch power; K11, K12, … the network of the same machines."""
        return f"K{self.number if self.feed is FeedKind.POWER else 10 + self.number}"

    @property
    def colour(self) -> str:
        """Colour of its wires."""
        return COLOURS[self.number - 1]


@dataclass(frozen=True)
class Rail:
    """One input that sees a worker's 5 V.

    Attributes:
        machine: whose.
        number: of the machine on the table, from 1.
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
        """The relay that feeds its worker."""
        return f"K{self.number}"

    @property
    def colour(self) -> str:
        """Colour of its wire."""
        return COLOURS[self.number - 1]


def example(name: str = "lab") -> Lab:
    """The classic table, or another example of this folder; it needs no secrets."""
    text = (HERE / f"{name}.toml").read_text(encoding="utf-8")
    return build(tomllib.loads(re.sub(r"\{env:\w+\}", "a secret", text)))


def channels(lab: Lab, feed: FeedKind, *, active_high: bool = True) -> list[Channel]:
    """The relays of one feed; raises ValueError for a table that these drawings do not fit."""
    found = []
    for number, machine in enumerate(lab.machine, start=1):
        match machine.plug(feed):
            case GpioPlug(pin=pin, contact="NC", active_high=high) if high is active_high:
                found.append(Channel(machine.name, number, feed, pin))
            case GpioPlug():
                level = "high" if active_high else "low"
                raise ValueError(f"{machine.name}: drawn are NC contacts on active-{level} drivers")
            case _:
                pass
    if len(lab.machine) > CHANNELS_OF_A_DRIVER:
        raise ValueError(f"a driver has {CHANNELS_OF_A_DRIVER} relays: draw two tables")
    return found


def rails(lab: Lab) -> list[Rail]:
    """The inputs that see the workers' 5 V; raises ValueError for one that is drawn otherwise."""
    found = []
    for number, machine in enumerate(lab.machine, start=1):
        match machine.power_sensor:
            case RailSensor(pin=pin, active_high=True):
                found.append(Rail(machine.name, number, pin))
            case RailSensor():
                raise ValueError(f"{machine.name}: drawn are dividers, high while power is there")
            case _:
                pass
    return found
