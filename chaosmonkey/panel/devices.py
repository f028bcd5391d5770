"""The panel's buttons and LEDs as gpiozero's devices, on the header or on an expander.

Each is opened when possible, and fails alone: a missing panel, or a line held by another program,
does not stop the server from starting. An input is unknown until it is open.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import gpiozero

from chaosmonkey.clock import Clock
from chaosmonkey.config import Lab, Line
from chaosmonkey.errors import PlugFailed
from chaosmonkey.wires import InputLine, ReportLevel, Wires

log = logging.getLogger(__name__)

RETRY = 5.0
"""Real seconds after which opening a failed device is retried."""


class Input:
    """An input line of the panel; as `InputLine`, but unknown while it cannot be opened.

    Attributes:
        trouble: why it cannot be opened, as a sentence; "" if it can.
    """

    def __init__(
        self, open_line: Callable[[], InputLine], name: str, clock: Clock, pace: Clock
    ) -> None:
        self.trouble = ""
        self._open_line = open_line
        self._name = name
        self._clock = clock
        self._pace = pace
        self._line: InputLine | None = None
        self.open()

    @property
    def high(self) -> bool | None:
        """As `InputLine`."""
        return None if self._line is None else self._line.high

    @property
    def settled(self) -> bool:
        """As `InputLine`."""
        return self._line is not None and self._line.settled

    @property
    def age(self) -> float:
        """As `InputLine`."""
        return math.inf if self._line is None else self._line.age

    def open(self) -> InputLine | None:
        """Open the line if it is not open; None if that fails."""
        if self._line is None:
            try:
                self._line = self._open_line()
            except Exception as error:  # noqa: BLE001 - pin factories surprise in every way
                self._fails(_describe(error))
            else:
                self.trouble = ""
        return self._line

    async def run(self, report: ReportLevel) -> NoReturn:
        """As `InputLine`; a line that fails is unknown, and reopened."""
        while True:
            if (line := self.open()) is not None:
                try:
                    await line.run(report)
                except Exception as error:  # noqa: BLE001 - pin factories surprise in every way
                    self._fails(_describe(error))
                    self.close()
            report(None, self._clock.now())
            await self._pace.sleep(RETRY)

    def close(self) -> None:
        """Release the line."""
        line, self._line = self._line, None
        if line is not None:
            with suppress(Exception):  # it may be what failed
                line.close()

    def _fails(self, why: str) -> None:
        if why != self.trouble:
            log.error("%s: %s Retrying.", self._name, why)
        self.trouble = why


def _describe(error: Exception) -> str:
    return str(error) if isinstance(error, PlugFailed) else f"{type(error).__name__}: {error}"


class Led:
    """One LED; a line that fails, or cannot be opened, is logged once and retried.

    Attributes:
        trouble: why it cannot be lit, as a sentence; "" if it can.
    """

    def __init__(self, line: Line, wires: Wires, name: str, pace: Clock) -> None:
        self.trouble = ""
        self._line = line
        self._wires = wires
        self._name = name
        self._pace = pace
        self._led: gpiozero.LED | None = None
        self._open_at = -math.inf
        self._lit = False
        self.light(lit=False)

    def light(self, *, lit: bool) -> None:
        """Turn it on or off."""
        if self._led is not None and lit == self._lit:
            return
        try:
            if self._led is None:
                if self._pace.now() < self._open_at:
                    return
                self._open_at = self._pace.now() + RETRY
                self._led = gpiozero.LED(self._line, pin_factory=self._wires.factory(self._line))
            self._led.value = lit
        except Exception as error:  # noqa: BLE001 - pin factories raise errors of their own
            if not self.trouble:
                log.error("%s, on %s: %s Retrying.", self._name, self._line, error)
            self.trouble = str(error)
        else:
            self._lit, self.trouble = lit, ""

    def close(self) -> None:
        """Release its line, which turns it off."""
        if self._led is not None:
            self._led.close()


@dataclass(frozen=True, slots=True)
class Devices:
    """The devices of the panel; empty without one.

    Attributes:
        buttons: machine → its button, whose line is low while it is pressed.
        leds: machine → its LED.
        halt: the big red button.
        heartbeat: the LED that shows that the server runs.
        expander_trouble: why the expander does not answer; "" while it does, or without one.
    """

    buttons: dict[str, Input]
    leds: dict[str, Led]
    halt: Input | None
    heartbeat: Led | None
    expander_trouble: Callable[[], str]

    def troubles(self) -> list[str]:
        """The troubles of its devices, as sentences; empty if all work."""
        found = []
        if trouble := self.expander_trouble():
            found.append(f"The panel does not answer: {trouble}.")
        single: list[tuple[str, Input | Led | None]] = [
            *((f"{name}'s button", it) for name, it in self.buttons.items()),
            *((f"{name}'s LED", it) for name, it in self.leds.items()),
            ("The big red button", self.halt),
            ("The heartbeat", self.heartbeat),
        ]
        return found + [f"{what}: {it.trouble}" for what, it in single if it and it.trouble]


@contextmanager
def open_devices(lab: Lab, wires: Wires, clock: Clock, pace: Clock) -> Iterator[Devices]:
    """Open the devices in the settings; one that fails now is retried."""
    with ExitStack() as closing:

        def open_line(line: Line) -> InputLine:
            return InputLine(line, wires.factory(line), pull_up=True, clock=clock, pace=pace)

        def button(line: Line, name: str) -> Input:
            opened = Input(partial(open_line, line), name, clock, pace)
            closing.callback(opened.close)
            return opened

        def led(line: Line, name: str) -> Led:
            opened = Led(line, wires, name, pace)
            closing.callback(opened.close)
            return opened

        panel = lab.panel
        yield Devices(
            buttons={
                it.name: button(it.button, f"{it.name}'s button")
                for it in lab.machine
                if it.button is not None
            },
            leds={
                it.name: led(it.led, f"{it.name}'s LED") for it in lab.machine if it.led is not None
            },
            halt=button(panel.halt, "The big red button") if panel.halt is not None else None,
            heartbeat=led(panel.heartbeat, "The heartbeat")
            if panel.heartbeat is not None
            else None,
            expander_trouble=partial(_expander_trouble, lab, wires),
        )


def _expander_trouble(lab: Lab, wires: Wires) -> str:
    if lab.panel.expander is None:
        return ""
    try:
        return wires.expander.trouble
    except PlugFailed as error:
        return str(error)
