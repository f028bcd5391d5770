"""The settings of plugs: one frozen section per driver, told apart by the key `driver`.

The docstring under a key is its documentation, as in `sections`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chaosmonkey.config.base import Section


class GpioPlug(Section):
    """A relay on a GPIO line."""

    driver: Literal["gpio"]
    pin: int = Field(ge=0, le=27)
    """BCM number of the line, such as 17. Not the number on the header."""

    contact: Literal["NC", "NO"] = "NC"
    """The relay contact that feeds the machine. NC (normally closed) fails to "powered"."""

    active_high: bool = True
    """Whether a high level energises the coil (ULN2803: true; most blue relay boards: false)."""


class CommandPlug(Section):
    """Any program that can cut, restore and read. Arguments may contain {machine} and {node}."""

    driver: Literal["command"]
    cut: tuple[str, ...] = Field(min_length=1)
    """Program and arguments that cut the feed. No shell: each argument is passed as it stands.
    {seconds} is for how long, with a margin, if the device can turn itself on again."""

    restore: tuple[str, ...] = Field(min_length=1)
    """Program and arguments that restore the feed."""

    read: tuple[str, ...] = Field(min_length=1)
    """Program and arguments that print `on` or `off`; anything else counts as unknown."""

    timeout: float = Field(default=10.0, gt=0)
    """Seconds after which a program that has not ended is killed and counts as failed."""

    device: str | None = None
    """Name shared by plugs of one device that must not be spoken to twice at once."""


PlugSettings = GpioPlug | CommandPlug
"""The settings of one plug, of whatever driver."""

PlugConfig = Annotated[PlugSettings, Field(discriminator="driver")]

DRIVERS: dict[str, type[PlugSettings]] = {"gpio": GpioPlug, "command": CommandPlug}
"""The sections by what `driver` says."""
