"""Field errors, in the words of apimachinery's `field` package."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

Cause = tuple[str, str, str]
"""Reason, message and field, as in a Status."""

IMMUTABLE = "field is immutable"
NEGATIVE = "must be greater than or equal to 0"

_SELECTOR = ("matchLabels", "matchExpressions")


class FieldErrors(list[Cause]):
    """The errors of one object, in the order in which they were found."""

    def required(self, path: str, detail: str = "") -> None:
        """A value is missing."""
        self._add("FieldValueRequired", "Required value", path, detail)

    def invalid(self, path: str, value: Any, *details: str) -> None:
        """A value breaks rules, one error for each."""
        for detail in details:
            self._add("FieldValueInvalid", f"Invalid value: {printed(value)}", path, detail)

    def duplicate(self, path: str, value: Any) -> None:
        """A value occurs twice."""
        self._add("FieldValueDuplicate", f"Duplicate value: {printed(value)}", path)

    def not_found(self, path: str, value: Any) -> None:
        """A value names what does not exist."""
        self._add("FieldValueNotFound", f"Not found: {printed(value)}", path)

    def not_supported(self, path: str, value: Any, supported: Iterable[str]) -> None:
        """A value is none of those supported."""
        listed = ", ".join(printed(one) for one in supported)
        shown = f"Unsupported value: {printed(value)}"
        self._add("FieldValueNotSupported", shown, path, f"supported values: {listed}")

    def forbidden(self, path: str, detail: str) -> None:
        """A value may not be set."""
        self._add("FieldValueForbidden", "Forbidden", path, detail)

    def too_long(self, path: str, most: int) -> None:
        """A value has too many bytes."""
        self._add("FieldValueTooLong", "Too long", path, f"may not be more than {most} bytes")

    def one_of(self, path: str, value: Any, supported: Iterable[str]) -> None:
        """Check that a value is present and supported."""
        if value in {None, ""}:
            self.required(path)
        elif value not in (known := tuple(supported)):
            self.not_supported(path, value, known)

    def not_negative(self, path: str, value: int | None) -> None:
        """Check that a number is not negative."""
        if value is not None and value < 0:
            self.invalid(path, value, NEGATIVE)

    def immutable(self, path: str, new: Any, old: Any) -> None:
        """Check that a value is as it was."""
        if new != old:
            self.invalid(path, new, IMMUTABLE)

    def _add(self, reason: str, message: str, path: str, detail: str = "") -> None:
        self.append((reason, f"{message}: {detail}" if detail else message, path))


def printed(value: Any) -> str:
    """A value as Go prints it in an error."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"{value}"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            text = json.dumps(_ordered(value), separators=(",", ":"), ensure_ascii=False)
            return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _ordered(value: Any) -> Any:
    """Go prints a map in the order of its keys, and a struct in that of its fields."""
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    if all(isinstance(held, str) for held in value.values()):
        names.sort()
    elif set(names) <= set(_SELECTOR):
        names.sort(key=_SELECTOR.index)
    return {name: _ordered(value[name]) for name in names}
