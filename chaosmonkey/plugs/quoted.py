"""Quote a device's own words in a message."""

from __future__ import annotations

from collections.abc import Iterable

QUOTED = 200
"""Characters of a device's words that are quoted."""


def quoted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text as one short line, without control characters and without these secrets."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= QUOTED else line[: QUOTED - 1] + "…"
