"""The OpenAPI document of version 2 in protobuf, the only form in which kubectl reads it.

kubectl reads it before it sends a manifest of an unknown kind, or a List, and gives up on the rest
of the file if it cannot. The numbers are those of `OpenAPIv2.proto` in google/gnostic-models.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson


def document(title: str, version: str, definitions: dict[str, Any]) -> bytes:
    """A document with definitions, and without paths."""
    info = _text(1, title) + _text(2, version)
    return _text(1, "2.0") + _part(2, info) + _part(8, b"") + _part(9, _named(definitions))


def _named(schemas: dict[str, Any]) -> bytes:
    """Named schemas, as in the definitions and in the properties of one."""
    return b"".join(
        _part(1, _text(1, name) + _part(2, _schema(found))) for name, found in schemas.items()
    )


def _schema(found: dict[str, Any]) -> bytes:
    parts = [
        _text(1, found.get("$ref", "")),
        _text(2, found.get("format", "")),
        _text(4, found.get("description", "")),
        *(_text(19, name) for name in found.get("required", ())),
    ]
    if "additionalProperties" in found:
        parts.append(_part(21, _part(1, _schema(found["additionalProperties"]))))
    if "type" in found:
        parts.append(_part(22, _text(1, found["type"])))
    if "items" in found:
        parts.append(_part(23, _part(1, _schema(found["items"]))))
    if "properties" in found:
        parts.append(_part(25, _named(found["properties"])))
    parts += [_part(31, one) for one in _extensions(found)]
    return b"".join(parts)


def _extensions(found: dict[str, Any]) -> Iterable[bytes]:
    for name, value in found.items():
        if name.startswith("x-"):
            yield _text(1, name) + _part(2, _text(2, orjson.dumps(value).decode()))


def _text(number: int, text: str) -> bytes:
    return _part(number, text.encode()) if text else b""


def _part(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])
