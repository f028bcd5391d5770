"""The panel of lab.toml: the parts on the pins of its MCP23017, and the current of its LEDs.

Pins and limits are those of the chip's data sheet (Microchip DS20001952, the 28-pin DIP).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chaosmonkey.config import Lab
from hardware.table import COLOURS

EXPANDER = {f"A{bit}": 21 + bit for bit in range(8)} | {f"B{bit}": 1 + bit for bit in range(8)}
"""Line of the expander → pin of the chip."""

VDD, VSS, SCL, SDA, INTB, INTA, RESET = 9, 10, 12, 13, 19, 20, 18
STRAPS = {"A0": 15, "A1": 16, "A2": 17}
"""The chip's other pins. Its address is 0x20 and what the straps say."""

SUPPLY = 3.3
"""Volts."""

LED_VOLTS, LED_OHMS = 2.0, 330
"""A red, amber or yellow-green LED, and its resistor. Blue and white ones want 3 V: dark."""

LED_MILLIAMPS = (SUPPLY - LED_VOLTS) / LED_OHMS * 1000
"""Of one LED at most: the chip's output loses some tenths of a volt."""

PIN_LIMIT, VDD_LIMIT, VSS_LIMIT = 25, 125, 150
"""Milliamperes that the chip bears: of a pin, into VDD, out of VSS."""


@dataclass(frozen=True)
class Spot:
    """One button or LED of a machine.

    Attributes:
        machine: whose.
        number: of the machine on the table, from 1.
        line: of the expander, as lab.toml has it.
    """

    machine: str
    number: int
    line: str

    @property
    def pin(self) -> int:
        """The line's pin of the chip."""
        return EXPANDER[self.line]

    @property
    def button(self) -> str:
        """S11, S12, … are the machines' buttons."""
        return f"S{10 + self.number}"

    @property
    def led(self) -> str:
        """H11, H12, … are their LEDs."""
        return f"H{10 + self.number}"

    @property
    def colour(self) -> str:
        """Colour of its wire."""
        return COLOURS[self.number - 1]


@dataclass(frozen=True)
class Face:
    """The whole panel.

    Attributes:
        address: of the expander.
        interrupt: BCM number of the line of its INTA.
        halt: BCM number of the red button's line.
        heartbeat: BCM number of the heartbeat's LED.
    """

    address: int
    interrupt: int
    halt: int
    heartbeat: int
    buttons: tuple[Spot, ...]
    leds: tuple[Spot, ...]

    @property
    def free(self) -> tuple[str, ...]:
        """The free lines of the expander."""
        used = {spot.line for spot in self.buttons + self.leds}
        return tuple(line for line in EXPANDER if line not in used)

    @property
    def straps(self) -> dict[str, bool]:
        """Address pin of the chip → whether it is tied to 3.3 V; else to ground."""
        return {name: bool(self.address & 1 << bit) for bit, name in enumerate(STRAPS)}

    @property
    def milliamps(self) -> float:
        """The current of all LEDs on the expander together."""
        return len(self.leds) * LED_MILLIAMPS


def face(lab: Lab) -> Face:
    """The panel; raises ValueError for one that these drawings do not fit."""
    panel = lab.panel
    match panel.expander, panel.interrupt, panel.halt, panel.heartbeat, panel.halt_contact:
        case int(address), int(interrupt), int(halt), int(heartbeat), "NC":
            found = Face(
                address,
                interrupt,
                halt,
                heartbeat,
                tuple(_spots(lab, "button")),
                tuple(_spots(lab, "led")),
            )
        case _:
            raise ValueError("drawn are an expander, its INTA, an NC red button and a heartbeat")
    if found.milliamps > VDD_LIMIT:
        raise ValueError(f"the LEDs draw more than the {VDD_LIMIT} mA that the expander bears")
    return found


def _spots(lab: Lab, what: str) -> Iterator[Spot]:
    for number, machine in enumerate(lab.machine, start=1):
        match machine.button if what == "button" else machine.led:
            case str(line):
                yield Spot(machine.name, number, line)
            case int():
                raise ValueError(f"{machine.name}: its {what} is drawn on the expander")
            case None:
                pass
