"""The panel's buttons and LEDs as gpiozero's devices, on the header or on an expander."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import gpiozero

from chaosmonkey.clock import Clock
from chaosmonkey.config import Lab, Line
from chaosmonkey.errors import PlugFailed
from chaosmonkey.wires import InputLine, Wires

log = logging.getLogger(__name__)


class Led:
    """One LED; a line that fails is told once and does no harm."""

    def __init__(self, line: Line, wires: Wires) -> None:
        try:
            self._led = gpiozero.LED(line, pin_factory=wires.factory(line))
        except gpiozero.GPIOZeroError as error:
            raise PlugFailed(
                f"The LED on {line} cannot be used: {error}.",
                remedy="Is another process using the line, and is this user in the group gpio?",
            ) from None
        self._line = line
        self._lit = False
        self._failing = False

    def light(self, *, lit: bool) -> None:
        """Let it be lit or dark."""
        if lit == self._lit:
            return
        try:
            self._led.value = lit
        except (PlugFailed, gpiozero.GPIOZeroError) as error:
            if not self._failing:
                log.error("The LED on %s: %s", self._line, error)
            self._failing = True
        else:
            self._lit, self._failing = lit, False

    def close(self) -> None:
        """Let go of its line: it is dark."""
        self._led.close()


@dataclass(frozen=True, slots=True)
class Devices:
    """What is on the panel; empty without one.

    Attributes:
        buttons: machine → the line of its button, which is low while it is pressed.
        leds: machine → its LED.
        halt: the line of the big red button.
        heartbeat: the LED that says that the server lives.
        trouble: says why the expander cannot be spoken to; "" while it can, or without one.
    """

    buttons: dict[str, InputLine]
    leds: dict[str, Led]
    halt: InputLine | None
    heartbeat: Led | None
    trouble: Callable[[], str]


@contextmanager
def open_devices(lab: Lab, wires: Wires, clock: Clock, pace: Clock) -> Iterator[Devices]:
    """Open what the settings name; raises PlugFailed if something cannot be had."""
    with ExitStack() as closing:

        def button(line: Line) -> InputLine:
            opened = InputLine(line, wires.factory(line), pull_up=True, clock=clock, pace=pace)
            closing.callback(opened.close)
            return opened

        def led(line: Line) -> Led:
            opened = Led(line, wires)
            closing.callback(opened.close)
            return opened

        panel, machines = lab.panel, lab.machine
        yield Devices(
            buttons={it.name: button(it.button) for it in machines if it.button is not None},
            leds={it.name: led(it.led) for it in machines if it.led is not None},
            halt=button(panel.halt) if panel.halt is not None else None,
            heartbeat=led(panel.heartbeat) if panel.heartbeat is not None else None,
            trouble=lambda: "" if panel.expander is None else wires.expander.trouble,
        )
