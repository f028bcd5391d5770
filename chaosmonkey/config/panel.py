"""The settings of the panel.

The docstring under a key is its documentation in docs/configuration.md.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from chaosmonkey.config.base import Section
from chaosmonkey.config.gpio_line import Bcm, ButtonLine, Line
from chaosmonkey.model import FeedKind


class PanelSettings(Section):
    """Buttons and LEDs on the table. Those of a machine are in its [[machine]]: `button`, `led`."""

    halt: ButtonLine | None = None
    """The line of the big red button, to ground. Pressing it triggers HALT."""

    halt_contact: Literal["NC", "NO"] = "NC"
    """Its contact. NC (normally closed): a broken wire counts as pressed, the safe side."""

    hold: float = Field(default=1.5, ge=0.3, le=10)
    """Seconds to hold a machine's button until it takes effect."""

    feed: FeedKind = FeedKind.POWER
    """What the buttons cut."""

    heartbeat: Line | None = None
    """The line of an LED that blinks while this server runs: once a second when safe, twice when
    armed, continuously in HALT."""

    expander: int | None = Field(default=None, ge=0x20, le=0x27)
    """I2C address of an MCP23017 whose lines are "A0" to "B7"."""

    interrupt: Bcm | None = None
    """BCM number of the line that the expander's INTA is wired to. Without it, the expander is
    polled a hundred times a second."""

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> PanelSettings:
        if self.interrupt is not None and self.expander is None:
            raise ValueError("`interrupt` needs the expander's address too: set `expander`")
        return self
