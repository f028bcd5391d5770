"""Presets of the driver `http`: one TOML file per brand, in the format of a `recipe`.

To add a brand, add a file: its name becomes a value of `preset`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from chaosmonkey.config.http_recipe import HttpRecipe

PRESETS: dict[str, HttpRecipe] = {
    file.stem: HttpRecipe.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    for file in sorted(Path(__file__).parent.glob("*.toml"))
}
"""The recipes by the name of their preset."""
