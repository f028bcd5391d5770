"""The sixteen lines of an MCP23017, as gpiozero's pins: A0 to A7 and B0 to B7.

    gpiozero device ─► pin: what it should be ─► thread ─► chip
              edges ◄─ pin: what it is        ◄─ thread ◄─ chip

Only the thread waits for the bus, so that a slow or broken one does not block the event loop. A
chip that lost power, or was missing, is set up again before its inputs count: without its pull-ups
every button would seem to be pressed. A reading has an age, so callers can detect an old one.

Register numbers are those of the data sheet (Microchip DS20001952, table 3-1, IOCON.BANK = 0).
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Mapping
from typing import Any

from gpiozero.exc import PinInvalidPin
from gpiozero.pins import BoardInfo, Factory, HeaderInfo, PinInfo

from chaosmonkey.clock import SystemClock
from chaosmonkey.wires.expander_pin import NAMES, ExpanderPin
from chaosmonkey.wires.i2c import I2cBus

log = logging.getLogger(__name__)

IODIR, GPINTEN, IOCON, GPPU, GPIO, OLAT = 0x00, 0x04, 0x0A, 0x0C, 0x12, 0x14
MIRROR = 0x40
"""IOCON: a change on either port triggers INTA, so one wire is enough."""

POLL_EVERY = 0.01
"""Seconds between two polls without an interrupt line; a press lasts ten times that."""

POLL_ANYWAY = 0.5
"""The same with an interrupt line, in case an edge was lost, and for a silent chip."""

TRIES = 3
"""Consecutive failed polls that count as trouble: relays disturb a bus for milliseconds.
"""

ANY_INPUT = 0x7F7F
"""The lines that can be inputs: A7 and B7 are outputs only (data sheet, revision D)."""


class ExpanderFactory(Factory):  # type: ignore[misc] # gpiozero is untyped
    """Makes the pins of one chip and keeps them in sync with the chip, until it is closed.

    A chip that does not answer is trouble but no error: its pins are unknown until it does.

    Args:
        bus: the chip's bus.
        address: of the chip, 0x20 to 0x27.
        interrupt: whether `poll` is called when the chip's INTA signals a change.

    Attributes:
        trouble: why the chip does not answer; "" while it does.
        polled: set when the chip has answered, or failed to.
    """

    def __init__(self, bus: I2cBus, address: int, *, interrupt: bool = False) -> None:
        super().__init__()
        self.trouble = "it has not answered yet"
        self.polled = threading.Event()
        self._bus = bus
        self._address = address
        self._every = POLL_ANYWAY if interrupt else POLL_EVERY
        self._clock = SystemClock()
        self._board = _board()
        self._pins: dict[str, ExpanderPin] = {}
        self._lock = threading.Lock()
        # Unused lines are pulled up: a floating one draws current and triggers interrupts.
        self._inputs, self._pull_ups, self._latch, self._watched = ANY_INPUT, 0xFFFF, 0, 0
        self._levels = 0
        self._read_at = -math.inf
        self._failed = 0
        self._written: dict[int, int] = {}
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="expander", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Release every line: each becomes an input again."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        self._thread.join()
        with self._lock:
            self._inputs, self._pull_ups, self._watched = ANY_INPUT, 0xFFFF, 0
        self._once()

    @property
    def age(self) -> float:
        """Seconds since its inputs were read; infinite while it does not answer."""
        return math.inf if self.trouble else self._clock.now() - self._read_at

    def poll(self) -> None:
        """Poll the chip now."""
        self._wake.set()

    def pin(self, name: str) -> ExpanderPin:
        """The line of that name; raises PinInvalidPin."""
        for _, info in self._board.find_pin(name):
            return self._pins.setdefault(info.name, ExpanderPin(self, info))
        raise PinInvalidPin(f"{name} is not one of {', '.join(NAMES)}")

    def ticks(self) -> float:
        """The moment, in seconds."""
        return self._clock.now()

    def ticks_diff(self, later: float, earlier: float) -> float:
        """Seconds between two moments."""
        return later - earlier

    # --- what pins read and set ------------------------------------------------------------------

    def set(
        self,
        bit: int,
        *,
        output: bool | None = None,
        high: bool | None = None,
        up: bool | None = None,
        watched: bool | None = None,
    ) -> None:
        """Change the wanted state of a line; the thread writes it to the chip."""
        with self._lock:
            if high is not None:
                self._latch = self._latch | bit if high else self._latch & ~bit
            if output is not None:
                self._inputs = self._inputs & ~bit if output else self._inputs | bit & ANY_INPUT
            if up is not None:
                self._pull_ups = self._pull_ups | bit if up else self._pull_ups & ~bit
            if watched is not None:
                self._watched = self._watched | bit if watched else self._watched & ~bit
        self._wake.set()

    def is_output(self, bit: int) -> bool:
        """Whether a line drives a level."""
        return not self._inputs & bit

    def is_pulled_up(self, bit: int) -> bool:
        """Whether a line's pull-up is on."""
        return bool(self._pull_ups & bit)

    def level(self, bit: int) -> int:
        """The level of a line: an output's latch, or an input's last reading."""
        return int(bool((self._latch if self.is_output(bit) else self._levels) & bit))

    # --- the thread -----------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._closing:
            self._once()
            self._wake.wait(self._pause)
            self._wake.clear()

    @property
    def _pause(self) -> float:
        """Seconds until the next poll, which is short while a button is pressed."""
        if self._failed >= TRIES:
            return POLL_ANYWAY
        pressed = ~self._levels & self._watched & self._inputs
        return POLL_EVERY if pressed or self._failed else self._every

    def _once(self) -> None:
        """Write changes to the chip, read its inputs."""
        with self._lock:
            # The latch before the direction: a line becomes an output at its level.
            wanted = {
                IOCON: MIRROR << 8 | MIRROR,
                OLAT: self._latch,
                GPPU: self._pull_ups,
                IODIR: self._inputs,
                GPINTEN: self._watched,
            }
        try:
            self._write(wanted)
            if not self._keeps(wanted):
                self._written.clear()
                self._write(wanted)
                if not self._keeps(wanted):
                    raise OSError("it does not keep what is written to it")
            read_at = self._clock.now()
            levels = int.from_bytes(self._bus.read(self._address, GPIO, 2), "little")
        except Exception as error:  # noqa: BLE001 - whatever a bus raises, this thread goes on
            self._fails(str(error) or repr(error))
            return
        flipped, self._levels, self._read_at = self._levels ^ levels, levels, read_at
        self._failed = 0
        if self.trouble:
            if self.polled.is_set():
                log.warning("The MCP23017 at %#x answers again.", self._address)
            self.trouble = ""
        self.polled.set()
        for pin in list(self._pins.values()):
            if flipped & self._inputs & pin._bit:
                pin.changed(self._clock.now(), levels)

    def _fails(self, why: str) -> None:
        self._written.clear()
        self._failed += 1
        if self._failed < TRIES:
            return
        if not self.trouble or not self.polled.is_set():
            log.error(
                "The MCP23017 at %#x does not answer: %s. Check its SDA and SCL wires, its power "
                "and its address (i2cdetect). Retrying.",
                self._address,
                why,
            )
        self.trouble = why
        self.polled.set()

    def _write(self, wanted: Mapping[int, int]) -> None:
        for register, word in wanted.items():
            if self._written.get(register) != word:
                self._bus.write(self._address, register, word.to_bytes(2, "little"))
                self._written[register] = word

    def _keeps(self, wanted: Mapping[int, int]) -> bool:
        """Whether the chip kept its setup; after a reset, or on a bad bus, it did not."""
        found = self._bus.read(self._address, IODIR, GPPU + 2)
        return all(
            int.from_bytes(found[register : register + 2], "little") == wanted[register]
            for register in (IODIR, GPINTEN, IOCON, GPPU)
        )

    def _get_board_info(self) -> BoardInfo:
        return self._board


def _board() -> BoardInfo:
    """The chip as gpiozero describes a board: one header with sixteen lines."""
    pins = {
        number: PinInfo(number, name, frozenset({name}), "", number, 1, frozenset({"gpio"}))
        for number, name in enumerate(NAMES, 1)
    }
    unknown: dict[str, Any] = dict.fromkeys(BoardInfo._fields)
    header = HeaderInfo("MCP23017", 16, 1, pins)
    return BoardInfo(**unknown | {"model": "MCP23017", "headers": {"MCP23017": header}})
