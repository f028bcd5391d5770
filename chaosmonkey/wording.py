"""What sentences share."""

from __future__ import annotations


def counted(number: int, one: str, many: str) -> str:
    """A number and its noun, such as "2 pods"."""
    return f"{number} {one if number == 1 else many}"


def duration(seconds: int) -> str:
    """A length of time, such as "45 s", "10 min" or "1 min 30 s"."""
    minutes, rest = divmod(seconds, 60)
    parts = [f"{minutes} min"] if minutes else []
    return " ".join([*parts, f"{rest} s"] if rest or not minutes else parts)
