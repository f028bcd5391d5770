"""What sentences share."""

from __future__ import annotations


def counted(number: int, one: str, many: str) -> str:
    """A number and its noun, such as "2 pods"."""
    return f"{number} {one if number == 1 else many}"
