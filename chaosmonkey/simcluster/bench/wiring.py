"""The wiring of the bench: relays, sense lines, meters and the panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FeedName = Literal["power", "network"]
ContactForm = Literal["NC", "NO"]
Pull = Literal["up", "down", "floating"]

FEEDS: tuple[FeedName, ...] = ("power", "network")
PINS = range(28)
"""The BCM numbers of a 40-pin header."""


@dataclass(frozen=True)
class Wire:
    """How one feed of one machine is switched.

    Attributes:
        pin: the BCM number of the line that drives the relay's coil.
        contact: the contact that carries the feed. NC (normally closed) keeps the feed on
            while nothing drives the line.
        active_high: whether a high line energises the coil.
    """

    pin: int
    contact: ContactForm = "NC"
    active_high: bool = True


@dataclass(frozen=True, kw_only=True)
class Meter:
    """A measuring chip in a machine's power feed, with a shunt of 0.1 Ω.

    Attributes:
        chip: an INA3221 measures three feeds, an INA219 one.
        address: the chip's I2C address.
        channel: the INA3221's channel, 1 to 3; an INA219 has only the first.
    """

    chip: Literal["ina3221", "ina219"]
    address: int = 0x40
    channel: Literal[1, 2, 3] = 1


@dataclass(frozen=True)
class SimMachine:
    """One simulated machine and its wiring.

    Attributes:
        name: the name of the machine and of its node.
        power: how its 5 V rail is switched.
        network: how its link is switched.
        rail: the BCM number of an input that is high while the rail is live (through a divider).
        meter: the chip that measures its power feed.
    """

    name: str
    power: Wire
    network: Wire
    rail: int | None = None
    meter: Meter | None = None


Line = str | int
"""A line of the panel's expander, "A0" to "B7", or a BCM number of the header."""


@dataclass(frozen=True, kw_only=True)
class PanelWiring:
    """The panel on the table: a button and an LED for each machine, and a big red button.

    Attributes:
        expander: the I2C address of an MCP23017; None if there is none.
        buttons: each machine's button, open until it is pressed, then to ground.
        leds: each machine's LED, lit while its line drives high.
        halt: the BCM number of the big red button. It is closed to ground until it is pressed, so
            that a broken wire looks pressed.
        interrupt: the BCM number that the expander's INTA is tied to.
        heartbeat: the BCM number of an LED that shows that the controller is running.
    """

    expander: int | None = None
    buttons: Mapping[str, Line] = field(default_factory=dict)
    leds: Mapping[str, Line] = field(default_factory=dict)
    halt: int | None = None
    interrupt: int | None = None
    heartbeat: int | None = None
