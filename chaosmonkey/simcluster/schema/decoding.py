"""Decoding: JSON becomes an object of its type, as Go's decoder would read and write it.

    JSON ─► known fields only ─► null and empty optional fields dropped ─► object
              │ unknown field, repeated field: reported
              └ value of another type: refused

Null, empty and absent are one and the same almost everywhere, because Go reads all three as the
zero value of a field, and writes none of them. A required text or number is the exception: Go
always writes it, so that no reader of a stored object has to do without it.
"""

from __future__ import annotations

import base64
import re
from binascii import Error as NotBase64
from collections.abc import Iterable
from typing import Any

import orjson

from chaosmonkey.simcluster.quantities import NotAQuantity, canonical
from chaosmonkey.simcluster.schema.golang import keeps_zero, struct_name
from chaosmonkey.simcluster.schema.types import Field, Type

_RANGES = {"int32": 2**31, "int64": 2**63}
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$", re.ASCII
)
_DROP = object()


class DecodingError(Exception):
    """The JSON does not fit the type; the text is Go's."""


class Members(list[tuple[str, Any]]):
    """The members of a JSON object in the order of the text, repeated names included."""


class Decoder:
    """Decodes one object. `strict` collects what a strict client wants refused."""

    def __init__(self) -> None:
        self.strict: list[str] = []
        self._mismatch = ""

    def decode(self, kind: Type, value: Any) -> dict[str, Any]:
        """Return a clean copy. Raises `DecodingError` where a value has another type."""
        decoded = self._value(kind, value, _Place())
        if self._mismatch:
            raise DecodingError(self._mismatch)
        return dict(decoded) if isinstance(decoded, dict) else {}

    def _value(self, kind: Type, value: Any, at: _Place) -> Any:
        match kind.kind:
            case "object":
                return self._object(kind, value, at)
            case "list":
                return self._list(kind, value, at)
            case "map":
                return self._map(kind, value, at)
            case "anything":
                return plain(value)
            case _:
                return self._scalar(kind, value, at)

    def _object(self, kind: Type, value: Any, at: _Place) -> Any:
        if value is None:
            return dict(kind.always)
        if not isinstance(value, dict | Members):
            return self._mistaken(kind, value, at)
        decoded: dict[str, Any] = {}
        owner, seen = struct_name(kind.name), set()
        for name, inner in _members(value):
            field = kind.fields.get(name)
            if name in seen:
                self.strict.append(f'duplicate field "{at.strictly(name)}"')
            seen.add(name)
            if field is None:
                self.strict.append(f'unknown field "{at.strictly(name)}"')
                continue
            if inner is None:
                decoded.pop(name, None)
                continue
            result = self._value(field.type, inner, at.field(kind, name))
            if result is _DROP or _is_dropped(owner, name, field, result):
                decoded.pop(name, None)
            else:
                decoded[name] = result
        for name, zero in kind.always.items():
            decoded.setdefault(name, zero)
        return decoded

    def _list(self, kind: Type, value: Any, at: _Place) -> Any:
        if not isinstance(value, list) or isinstance(value, Members):
            return self._mistaken(kind, value, at)
        items = (self._value(kind.item, item, at.item(n)) for n, item in enumerate(value))
        return [_zero(kind.item) if item is _DROP else item for item in items]

    def _map(self, kind: Type, value: Any, at: _Place) -> Any:
        if not isinstance(value, dict | Members):
            return self._mistaken(kind, value, at)
        decoded, seen = {}, set()
        for name, inner in _members(value):
            if name in seen:
                self.strict.append(f'duplicate field "{at.strictly(name)}"')
            seen.add(name)
            result = self._value(kind.item, inner, at.key(name))
            decoded[name] = _zero(kind.item) if result is _DROP else result
        return decoded

    def _scalar(self, kind: Type, value: Any, at: _Place) -> Any:
        if value is None:
            return _zero(kind)
        match kind.kind, value:
            case "boolean", bool():
                return value
            case "string", str():
                return value
            case (("int32" | "int64"), int()) if not isinstance(value, bool):
                if -_RANGES[kind.kind] <= value < _RANGES[kind.kind]:
                    return value
                return self._mistaken(kind, value, at, f"number {value}")
            case (("int32" | "int64"), float()):
                return self._mistaken(kind, value, at, f"number {value:g}")
            case "number", (int() | float()) if not isinstance(value, bool):
                return value
            case "bytes", str():
                return _base64(value)
            case "quantity", _:
                return _quantity(value)
            case "time", _:
                return _time(value, at)
            case "int-or-string", _:
                return _int_or_string(value, at)
            case _:
                return self._mistaken(kind, value, at)

    def _mistaken(self, kind: Type, value: Any, at: _Place, shown: str = "") -> Any:
        """Remember a value of another type; like Go, only the first is reported."""
        self._mismatch = self._mismatch or at.mismatch(shown or _called(value), kind.name)
        return _DROP


class _Place:
    """Where a value stands: Go names the innermost struct and a path without indices."""

    def __init__(self, struct: str = "", path: str = "", strict: str = "") -> None:
        self._struct = struct
        self._path = path
        self._strict = strict

    def strictly(self, name: str) -> str:
        return f"{self._strict}.{name}" if self._strict else name

    def field(self, owner: Type, name: str) -> _Place:
        path = f"{self._path}.{name}" if self._path else name
        return _Place(struct_name(owner.name), path, self.strictly(name))

    def item(self, number: int) -> _Place:
        return _Place(self._struct, self._path, f"{self._strict}[{number}]")

    def key(self, name: str) -> _Place:
        return _Place(self._struct, self._path, self.strictly(name))

    def mismatch(self, shown: str, wanted: str) -> str:
        if not self._struct:
            return f"json: cannot unmarshal {shown} into Go value of type {wanted}"
        where = f"{self._struct}.{self._path}"
        return f"json: cannot unmarshal {shown} into Go struct field {where} of type {wanted}"


def plain(value: Any) -> Any:
    """JSON without `Members`: of a repeated name, the last one counts."""
    if isinstance(value, dict | Members):
        return {name: plain(inner) for name, inner in _members(value)}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _members(value: dict[str, Any] | Members) -> Iterable[tuple[str, Any]]:
    return value if isinstance(value, Members) else value.items()


def _called(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case dict() | Members():
            return "object"
        case _:
            return "array"


def _is_dropped(owner: str, name: str, field: Field, value: Any) -> bool:
    """Whether Go omits an optional field with this value."""
    if field.required:
        return False
    match field.type.kind:
        case "list" | "map":
            return not value
        case "string" | "boolean" | "int32" | "int64" | "number" | "bytes":
            return not value and not keeps_zero(owner, name, value)
        case _:
            return False


def _zero(kind: Type) -> Any:
    match kind.kind:
        case "object" | "map":
            return {}
        case "list":
            return []
        case "string" | "bytes":
            return ""
        case "boolean":
            return False
        case "time" | "anything":
            return None
        case "quantity":
            return "0"
        case _:
            return 0


def _base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except NotBase64:
        good = re.match(r"[A-Za-z0-9+/]*", value)
        where = len(good.group()) if good else 0
        raise DecodingError(f"illegal base64 data at input byte {where}") from None
    return value


def _quantity(value: Any) -> str:
    """A quantity as the API server writes it; a number counts as its text."""
    text = value.strip() if isinstance(value, str) else orjson.dumps(plain(value)).decode()
    try:
        return canonical(text)
    except NotAQuantity as broken:
        raise DecodingError(str(broken)) from None


def _time(value: Any, at: _Place) -> str | None:
    if not isinstance(value, str):
        raise DecodingError(at.mismatch(_called(value), "string"))
    if not _TIME.match(value):
        rest = value if not re.match(r"\d{4}", value) else value[4:]
        element = "2006" if rest == value else "-"
        raise DecodingError(
            f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "{rest}" as '
            f'"{element}"'
        )
    return value


def _int_or_string(value: Any, at: _Place) -> int | str:
    if isinstance(value, str):
        return value
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole and -_RANGES["int32"] <= value < _RANGES["int32"]:
        return int(value)
    shown = f"number {value:g}" if whole or isinstance(value, float) else _called(value)
    raise DecodingError(at.mismatch(shown, "int32"))
