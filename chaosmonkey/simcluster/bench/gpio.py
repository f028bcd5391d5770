"""The header's GPIO lines: their direction, their level, and the followers of each.

output:  the level that it drives
input:   the level of its tie ─► else of its pull ─► else it floats
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chaosmonkey.simcluster.bench.wiring import PINS, Pull

Level = int | None
"""High (1), low (0), or None: floating."""


@dataclass
class Pin:
    """One line: an output with a level, or an input with a pull and perhaps a tie.

    Attributes:
        number: its BCM number.
        out: the level that it drives; None for an input.
        pull: the pull of an input that nothing drives.
        tie: returns the level of the wire at this line; None for an open contact.
        last_level: the level at the last update.
    """

    number: int
    out: int | None = None
    pull: Pull = "down"
    tie: Callable[[], Level] | None = field(default=None, repr=False)
    last_level: Level = field(default=None, repr=False)

    @property
    def level(self) -> Level:
        """High (1), low (0), or None: floating."""
        if self.out is not None:
            return self.out
        tied = self.tie() if self.tie else None
        return tied if tied is not None else {"up": 1, "down": 0, "floating": None}[self.pull]

    @property
    def read_level(self) -> int:
        """The level as a program reads it: a floating line reads low."""
        return self.level or 0

    def boot(self) -> None:
        """Return to a Raspberry Pi's boot state: BCM 0-8 pulled up, the others down."""
        self.out = None
        self.pull = "up" if self.number <= 8 else "down"


class Gpio:
    """The 28 lines of a header.

    Attributes:
        pins: every line by its BCM number.
        input_changed: called with the BCM number and the level (0 or 1) of an input whose level
            changed, and of a line that became an input.
    """

    def __init__(self) -> None:
        self.pins = {number: Pin(number) for number in PINS}
        self.input_changed: Callable[[int, int], None] = _ignore
        self._followers: dict[int, list[Callable[[Level], None]]] = {}
        for pin in self.pins.values():
            pin.boot()
            pin.last_level = pin.level

    def tie(self, number: int, source: Callable[[], Level]) -> None:
        """Wire a source to a line. Call `update` whenever its level changes.

        Raises:
            ValueError: the line is wired already.
        """
        if self.pins[number].tie is not None:
            raise ValueError(f"BCM {number} is wired to two things")
        self.pins[number].tie = source
        self.pins[number].last_level = self.pins[number].level

    def follow(self, number: int, follower: Callable[[Level], None]) -> None:
        """Call `follower` with every new level of a line."""
        self._followers.setdefault(number, []).append(follower)

    def drive(self, number: int, level: int) -> None:
        """Make a line an output at a level."""
        self.pins[number].out = level
        self._notify_followers(self.pins[number])

    def release(self, number: int, pull: Pull) -> None:
        """Make a line an input with a pull, and report its level."""
        pin = self.pins[number]
        pin.out, pin.pull = None, pull
        self._notify_followers(pin)
        self.input_changed(number, pin.read_level)

    def update(self, number: int) -> None:
        """Read a line's tie again; report the level if it changed."""
        pin = self.pins[number]
        before = pin.last_level or 0
        self._notify_followers(pin)
        if pin.out is None and pin.read_level != before:
            self.input_changed(number, pin.read_level)

    def boot(self) -> None:
        """Return every line to its boot state."""
        for pin in self.pins.values():
            pin.boot()
            self._notify_followers(pin)

    def describe(self) -> list[dict[str, Any]]:
        """Every line as JSON."""
        return [
            {
                "pin": pin.number,
                "direction": "in" if pin.out is None else "out",
                "pull": pin.pull if pin.out is None else None,
                "level": pin.level,
            }
            for pin in self.pins.values()
        ]

    def _notify_followers(self, pin: Pin) -> None:
        """Notify the followers of a line if its level changed."""
        before, pin.last_level = pin.last_level, pin.level
        if pin.last_level != before:
            for follower in self._followers.get(pin.number, ()):
                follower(pin.last_level)


def _ignore(_number: int, _level: int) -> None:
    """Ignore the change."""
