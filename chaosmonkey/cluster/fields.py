"""Typed access to Kubernetes' JSON: a value has its type, or is an error with its place.

null, absent and empty are the same, as nearly everywhere in Kubernetes' API. Each function raises
TypeError, which names the key; `wire` makes it the reason for dropping the object.
"""

from __future__ import annotations

import math
from typing import Any

Json = dict[str, Any]

LONGEST = 4096
"""Characters that are kept of a text: names have at most 253, and messages are for people."""

LARGEST = 2**31
"""What counts, replicas and restarts, is an int32 in Kubernetes."""


def name(found: Json, key: str) -> str:
    """A required text, never shortened: it identifies an object."""
    value = text(found, key)
    if not value:
        raise TypeError(f"{key} is missing")
    if len(value) == LONGEST:
        raise TypeError(f"{key} has {LONGEST} characters or more")
    return value


def text(found: Json, key: str) -> str:
    """A text; "" if it is missing."""
    value = found.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(key, value, "a text")
    return value if len(value) <= LONGEST else value[:LONGEST]


def mapping(found: Json, key: str) -> Json:
    """An object; empty if it is missing."""
    value = found.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(key, value, "an object")
    return value


def items(found: Json, key: str) -> list[Json]:
    """A list of objects; empty if it is missing."""
    value = listed(found, key)
    for one in value:
        if not isinstance(one, dict):
            raise _wrong(key, one, "a list of objects")
    return value


def listed(found: Json, key: str) -> list[Any]:
    """A list of anything; empty if it is missing."""
    value = found.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(key, value, "a list")
    return value


def count(found: Json, key: str, default: int = 0) -> int:
    """A whole number that is not negative."""
    value = found.get(key)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < LARGEST:
        raise _wrong(key, value, "a count")
    return value


def seconds(found: Json, key: str) -> float | None:
    """A finite number; None if it is missing."""
    value = found.get(key)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not _is_finite(value):
        raise _wrong(key, value, "a number of seconds")
    return float(value)


def flag(found: Json, key: str) -> bool:
    """A boolean; False if it is missing."""
    value = found.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _wrong(key, value, "true or false")
    return value


def _is_finite(value: float) -> bool:
    return abs(value) < 1e15 and math.isfinite(value)


def _wrong(key: str, value: object, wanted: str) -> TypeError:
    return TypeError(f"{key} is {value!r:.40}, not {wanted}")
