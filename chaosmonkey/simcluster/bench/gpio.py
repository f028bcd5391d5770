"""The header's lines: what each one is, who drives it, and who is told when its level changes.

output:  its own level
input:   what it is tied to ─► else its pull ─► else nothing: it floats
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chaosmonkey.simcluster.bench.wiring import PINS, Pull

Level = int | None
"""High (1), low (0), or None: nothing drives it, it floats."""


@dataclass
class Pin:
    """One line: an output with a level, or an input with a pull and perhaps a tie.

    Attributes:
        number: its BCM number.
        out: the level that it drives; None if it is an input.
        pull: what holds an input that nothing else drives.
        tie: tells what the wire at this line does; None from it is an open contact.
        last_level: its level when somebody last looked.
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
        """The level as a program reads it: a floating line reads low here."""
        return self.level or 0

    def boot(self) -> None:
        """Be what it is when a Raspberry Pi starts: BCM 0-8 pulled up, the others down."""
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
        """Wire something to a line. Call `look` whenever it changes.

        Raises:
            ValueError: something else is tied to the line already.
        """
        if self.pins[number].tie is not None:
            raise ValueError(f"BCM {number} is wired to two things")
        self.pins[number].tie = source
        self.pins[number].last_level = self.pins[number].level

    def follow(self, number: int, follower: Callable[[Level], None]) -> None:
        """Let `follower` be read_level every new level of a line."""
        self._followers.setdefault(number, []).append(follower)

    def drive(self, number: int, level: int) -> None:
        """Make a line an output at a level."""
        self.pins[number].out = level
        self._notify_followers(self.pins[number])

    def release(self, number: int, pull: Pull) -> None:
        """Make a line an input with a pull, and tell its level."""
        pin = self.pins[number]
        pin.out, pin.pull = None, pull
        self._notify_followers(pin)
        self.input_changed(number, pin.read_level)

    def update(self, number: int) -> None:
        """What is tied to a line may have changed: tell the level if it did."""
        pin = self.pins[number]
        before = pin.last_level or 0
        self._notify_followers(pin)
        if pin.out is None and pin.read_level != before:
            self.input_changed(number, pin.read_level)

    def boot(self) -> None:
        """Let every line be what it is when a Raspberry Pi starts."""
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
        """Tell the followers of a line whose level changed."""
        before, pin.last_level = pin.last_level, pin.level
        if pin.last_level != before:
            for follower in self._followers.get(pin.number, ()):
                follower(pin.last_level)


def _ignore(_number: int, _level: int) -> None:
    """Nobody listens."""
