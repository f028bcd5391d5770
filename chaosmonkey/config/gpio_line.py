"""GPIO lines in the settings."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field


def _is_line(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 27:
        return value
    if isinstance(value, str) and re.fullmatch("[AB][0-7]", value):
        return value
    raise ValueError('must be a BCM number from 0 to 27, or "A0" to "B7" on the panel\'s expander')


def _is_input(value: object) -> object:
    if value in ("A7", "B7"):
        raise ValueError("must not be A7 or B7: outputs only on an MCP23017 (data sheet)")
    return value


Bcm = Annotated[int, Field(ge=0, le=27)]

Line = Annotated[int | str, BeforeValidator(_is_line)]
"""A line: its BCM number, or "A0" to "B7" on the panel's MCP23017."""

ButtonLine = Annotated[Line, AfterValidator(_is_input)]
"""An input line."""
