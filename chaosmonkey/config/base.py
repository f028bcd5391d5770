"""The base of all sections of the settings, and secrets in them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr


class Section(BaseModel):
    """A part of the settings: frozen, and refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def section_of(annotation: object) -> type[BaseModel] | None:
    """Return the section that an annotation allows, as `ScaleSettings | None` does; else None."""
    kinds = get_args(annotation) or (annotation,)
    found = (one for one in kinds if isinstance(one, type) and issubclass(one, BaseModel))
    return next(found, None)


def _fetch(value: object) -> object:
    """The value of "{env:NAME}" or "{file:PATH}"; any other value is returned as is."""
    match re.fullmatch(r"\{(env|file):(.+)\}", value) if isinstance(value, str) else None:
        case None:
            return value
        case found if found[1] == "env":
            secret = os.environ.get(found[2])  # noqa: TID251 - a secret's place, named by a setting
            if not secret:
                raise ValueError(f"the environment variable {found[2]} is not set")
            return secret
        case found:
            try:
                return Path(found[2]).expanduser().read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"the file {found[2]} cannot be read ({error})") from None


Secret = Annotated[SecretStr, BeforeValidator(_fetch)]
"""A secret: itself, "{env:NAME}" or "{file:PATH}". It is never shown, not even in an error."""
