"""One line of an MCP23017, as gpiozero's pin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gpiozero.exc import PinInvalidPin
from gpiozero.pins import Pin, PinInfo

if TYPE_CHECKING:
    from chaosmonkey.wires.mcp23017 import ExpanderFactory

NAMES = tuple(f"{port}{number}" for port in "AB" for number in range(8))
"""The lines in the order of the bits of a 16-bit word, the lowest first."""


class ExpanderPin(Pin):  # type: ignore[misc] # gpiozero is untyped
    """One line; reading and setting it never waits for the bus."""

    def __init__(self, factory: ExpanderFactory, info: PinInfo) -> None:
        self._factory = factory
        self._info = info
        self._bit = 1 << NAMES.index(info.name)
        self._when_changed: Callable[[float, int], None] | None = None

    @property
    def age(self) -> float:
        """Seconds since the line was read; infinite while the chip does not answer."""
        return self._factory.age

    def close(self) -> None:
        """Reset to an unused line: an unwatched input with its pull-up."""
        self._when_changed = None
        self._factory.set(self._bit, output=False, up=True, watched=False)

    def output_with_state(self, state: object) -> None:
        """Become an output at a level, in one step."""
        self._factory.set(self._bit, high=bool(state), output=True)

    def changed(self, at: float, levels: int) -> None:
        """Report the new levels of the chip's inputs."""
        if self._when_changed is not None:
            self._when_changed(at, int(bool(levels & self._bit)))

    def _get_info(self) -> PinInfo:
        return self._info

    def _get_function(self) -> str:
        return "output" if self._factory.is_output(self._bit) else "input"

    def _set_function(self, value: str) -> None:
        self._factory.set(self._bit, output=value == "output")

    def _get_state(self) -> int:
        return self._factory.level(self._bit)

    def _set_state(self, value: object) -> None:
        self._factory.set(self._bit, high=bool(value))

    def _get_pull(self) -> str:
        return "up" if self._factory.is_pulled_up(self._bit) else "floating"

    def _set_pull(self, value: str) -> None:
        if value == "down":
            raise PinInvalidPin(f"{self._info.name}: an MCP23017 has no pull-down")
        self._factory.set(self._bit, up=value == "up")

    def _set_bounce(self, value: float | None) -> None:
        """Bounces are taken out above, for all kinds of pins alike."""

    def _set_edges(self, value: str) -> None:
        """Always both."""

    def _get_when_changed(self) -> Callable[[float, int], None] | None:
        return self._when_changed

    def _set_when_changed(self, value: Callable[[float, int], None] | None) -> None:
        self._when_changed = value
        self._factory.set(self._bit, watched=value is not None)
