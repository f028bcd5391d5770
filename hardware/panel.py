"""The panel in lab.toml: the parts on its MCP23017's pins, and the current of its LEDs.

Pins and limits are from the chip's data sheet (Microchip DS20001952, 28-pin DIP).
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
"""The chip's other pins. Its address is 0x20 plus the value of the straps."""

SUPPLY = 3.3
"""Supply voltage, in volts."""

LED_VOLTS, LED_OHMS = 2.0, 330
"""A red, amber or yellow-green LED, and its resistor. Blue and white LEDs need 3 V."""

LED_MILLIAMPS = (SUPPLY - LED_VOLTS) / LED_OHMS * 1000
"""Maximum current of one LED; the chip's output loses some tenths of a volt."""

PIN_LIMIT, VDD_LIMIT, VSS_LIMIT = 25, 125, 150
"""The chip's limits in milliamperes: per pin, into VDD, out of VSS."""


@dataclass(frozen=True)
class PanelPart:
    """One button or LED of a machine.

    Attributes:
        machine: the machine's name.
        number: the machine's number on the table, from 1.
        line: the expander's line, from lab.toml.
    """

    machine: str
    number: int
    line: str

    @property
    def pin(self) -> int:
        """The chip's pin for the line."""
        return EXPANDER[self.line]

    @property
    def button(self) -> str:
        """The name of the machine's button, from S11."""
        return f"S{10 + self.number}"

    @property
    def led(self) -> str:
        """The name of the machine's LED, from H11."""
        return f"H{10 + self.number}"

    @property
    def colour(self) -> str:
        """The colour of its wire."""
        return COLOURS[self.number - 1]


@dataclass(frozen=True)
class PanelLayout:
    """The layout of the whole panel.

    Attributes:
        address: the expander's I2C address.
        interrupt: BCM number of the line that its INTA is wired to.
        halt: BCM number of the red button's line.
        heartbeat: BCM number of the heartbeat LED's line.
    """

    address: int
    interrupt: int
    halt: int
    heartbeat: int
    buttons: tuple[PanelPart, ...]
    leds: tuple[PanelPart, ...]

    @property
    def free(self) -> tuple[str, ...]:
        """The unused lines of the expander."""
        used = {spot.line for spot in self.buttons + self.leds}
        return tuple(line for line in EXPANDER if line not in used)

    @property
    def straps(self) -> dict[str, bool]:
        """Address pin of the chip → whether it is tied to 3.3 V instead of ground."""
        return {name: bool(self.address & 1 << bit) for bit, name in enumerate(STRAPS)}

    @property
    def milliamps(self) -> float:
        """The total current of the LEDs on the expander."""
        return len(self.leds) * LED_MILLIAMPS


def panel_layout(lab: Lab) -> PanelLayout:
    """The panel's layout. Raises ValueError for a panel that cannot be drawn."""
    panel = lab.panel
    match panel.expander, panel.interrupt, panel.halt, panel.heartbeat, panel.halt_contact:
        case int(address), int(interrupt), int(halt), int(heartbeat), "NC":
            found = PanelLayout(
                address,
                interrupt,
                halt,
                heartbeat,
                tuple(_spots(lab, "button")),
                tuple(_spots(lab, "led")),
            )
        case _:
            raise ValueError(
                "the drawing needs an expander, its INTA, an NC red button and a heartbeat"
            )
    if found.milliamps > VDD_LIMIT:
        raise ValueError(f"the LEDs draw more than the {VDD_LIMIT} mA that the expander allows")
    return found


def _spots(lab: Lab, what: str) -> Iterator[PanelPart]:
    for number, machine in enumerate(lab.machine, start=1):
        match machine.button if what == "button" else machine.led:
            case str(line):
                yield PanelPart(machine.name, number, line)
            case int():
                raise ValueError(f"{machine.name}: the drawing needs its {what} on the expander")
            case None:
                pass
