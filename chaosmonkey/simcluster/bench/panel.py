"""The panel on the table: buttons, LEDs and a big red button.

press ─► contact, bouncing ─► line of the expander, or of the header
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chaosmonkey.errors import BadInput, UnknownMachine
from chaosmonkey.simcluster.bench.chips.bus import SimBus
from chaosmonkey.simcluster.bench.chips.mcp23017 import Mcp23017
from chaosmonkey.simcluster.bench.contacts import BUTTON_BOUNCE, Contact
from chaosmonkey.simcluster.bench.gpio import Gpio, Level
from chaosmonkey.simcluster.bench.wiring import Line, PanelWiring
from chaosmonkey.simcluster.timeline import Timeline


class NotOnBench(BadInput):
    """The bench does not have the part."""

    status = 404
    title = "Not on the bench"

    def __init__(self, part: str) -> None:
        super().__init__(f"This bench does not have {part}.", remedy="GET /bench lists its parts.")


@dataclass(frozen=True)
class _Button:
    """A button between a line and ground; `nc`: closed until it is pressed."""

    line: Line
    contact: Contact
    nc: bool

    @property
    def pressed(self) -> bool:
        return self.contact.closed != self.nc

    def press(self, *, pressed: bool) -> None:
        self.contact.move(closed=pressed != self.nc)


class SimPanel:
    """The panel of a bench, its expander included.

    Args:
        wiring: how the panel is wired.
        gpio: the header's lines.
        bus: the bus of the expander.
        timeline: schedules the bounces of contacts.
        chance: random numbers for the bounces.

    Raises:
        ValueError: a line is wired twice, the expander is missing, or another chip has its
            address.
    """

    def __init__(
        self,
        wiring: PanelWiring,
        gpio: Gpio,
        bus: SimBus,
        *,
        timeline: Timeline,
        chance: random.Random,
    ) -> None:
        self._wiring = wiring
        self._gpio = gpio
        self._timeline = timeline
        self._chance = chance
        self._expander: Mcp23017 | None = None
        if wiring.expander is not None:
            if wiring.expander in bus.chips:
                raise ValueError(f"two chips have the I2C address 0x{wiring.expander:02x}")
            self._expander = bus.chips[wiring.expander] = self._fit(wiring.interrupt)
        self._buttons = {
            machine: self._button(line, nc=False) for machine, line in wiring.buttons.items()
        }
        for line in wiring.leds.values():
            self._level(line)
        self._halt = None if wiring.halt is None else self._button(wiring.halt, nc=True)

    def press(self, machine: str, *, pressed: bool) -> None:
        """Press or release a machine's button. Raises UnknownMachine."""
        if machine not in self._buttons:
            raise UnknownMachine(machine, self._buttons)
        self._buttons[machine].press(pressed=pressed)

    def press_halt(self, *, pressed: bool) -> None:
        """Press or release the big red button. Raises NotOnBench."""
        if self._halt is None:
            raise NotOnBench("a big red button")
        self._halt.press(pressed=pressed)

    def describe(self) -> dict[str, Any]:
        """The panel as JSON."""
        wiring = self._wiring
        return {
            "buttons": {
                machine: self._pressed(button) for machine, button in self._buttons.items()
            },
            "leds": {machine: self._line(line) for machine, line in wiring.leds.items()},
            "halt": None if self._halt is None else self._pressed(self._halt),
            "interrupt": None if wiring.interrupt is None else self._line(wiring.interrupt),
            "heartbeat": None if wiring.heartbeat is None else self._line(wiring.heartbeat),
        }

    def _fit(self, interrupt: int | None) -> Mcp23017:
        """The expander, its INTA tied to a line of the header."""
        if interrupt is None:
            return Mcp23017()
        chip = Mcp23017(lambda: self._gpio.update(interrupt))
        self._gpio.tie(interrupt, lambda: chip.inta)
        return chip

    def _button(self, line: Line, *, nc: bool) -> _Button:
        def contact(moved: Callable[[], None]) -> Contact:
            return Contact(self._timeline, self._chance, BUTTON_BOUNCE, closed=nc, moved=moved)

        if isinstance(line, int):
            button = _Button(line, contact(lambda: self._gpio.update(line)), nc)
            self._gpio.tie(line, lambda: 0 if button.contact.touching else None)
        else:
            chip = self._chip(line)
            button = _Button(line, contact(chip.update), nc)
            chip.tie(line, lambda: 0 if button.contact.touching else None)
        return button

    def _chip(self, line: str) -> Mcp23017:
        if self._expander is None:
            raise ValueError(f"line {line} needs an expander, and the panel has none")
        return self._expander

    def _level(self, line: Line) -> Level:
        if isinstance(line, int):
            return self._gpio.pins[line].level
        return self._chip(line).level(line)

    def _line(self, line: Line) -> dict[str, Any]:
        return {"line": line, "level": self._level(line)}

    def _pressed(self, button: _Button) -> dict[str, Any]:
        return self._line(button.line) | {"pressed": button.pressed}
