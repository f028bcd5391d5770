r"""Protobuf bodies, as `kubectl create` sends them: read into the JSON of the same object.

    k8s\0 ─► envelope: kind, raw bytes ─► message by type ─► JSON ─► decoded like any other body

`protobuf.json` holds the numbers of the fields, from the `generated.proto` files that Kubernetes
publishes; a number never changes its meaning. Bytes of a field without a number are refused, unless
the field is empty: nothing that a client means is dropped.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from chaosmonkey.simcluster.schema.types import Type, is_known, type_of

_MAGIC = b"k8s\x00"
_INLINE = "+"
"""In `protobuf.json`: what follows is a struct whose fields JSON shows in its owner."""

Wire = bytes | int


class BadProtobuf(ValueError):
    """The bytes are not the protobuf of a known kind."""


def read_protobuf(body: bytes) -> dict[str, Any]:
    """Read an object with its kind and version. Raises `BadProtobuf`."""
    if not body.startswith(_MAGIC):
        raise BadProtobuf("provided data does not appear to be a protobuf message")
    try:
        envelope = dict(_fields(body[len(_MAGIC) :]))
        head = dict(_fields(_bytes(envelope[1])))
        version, kind = _bytes(head[1]).decode(), _bytes(head[2]).decode()
        if not is_known(version, kind):
            return {"apiVersion": version, "kind": kind}
        read = _message(type_of(version, kind), _bytes(envelope.get(2, b"")))
    except (IndexError, KeyError, TypeError, UnicodeDecodeError, OverflowError) as broken:
        raise BadProtobuf(f"unable to decode the protobuf message: {broken!r}") from None
    return read | {"apiVersion": version, "kind": kind}


@cache
def _numbers() -> dict[str, dict[str, str]]:
    text = files("chaosmonkey.simcluster.schema").joinpath("protobuf.json").read_bytes()
    found: dict[str, dict[str, str]] = orjson.loads(text)
    return found


def _message(kind: Type, data: bytes, numbers: str = "") -> dict[str, Any]:
    """Read a struct; `numbers` names the fields if they are not the type's own."""
    known = _numbers().get(numbers or kind.reference.removeprefix("io.k8s."), {})
    read: dict[str, Any] = {}
    for number, value in _fields(data):
        name = known.get(str(number))
        if name is None:
            if value:
                raise BadProtobuf(f"unknown field {number} of {kind.name}: send JSON instead")
        elif name.startswith(_INLINE):
            read |= _message(kind, _bytes(value), name.removeprefix(_INLINE))
        elif field := kind.fields.get(name):
            _add(read, name, field.type, value)
    return read


def _add(read: dict[str, Any], name: str, kind: Type, value: Wire) -> None:
    match kind.kind:
        case "list":
            read.setdefault(name, []).append(_value(kind.item, value))
        case "map":
            entry = dict(_fields(_bytes(value)))
            key = _bytes(entry.get(1, b"")).decode()
            read.setdefault(name, {})[key] = _value(kind.item, entry.get(2, b""))
        case _:
            read[name] = _value(kind, value)


def _value(kind: Type, value: Wire) -> Any:
    match kind.kind:
        case "object":
            return _message(kind, _bytes(value))
        case "string":
            return _bytes(value).decode()
        case "bytes":
            return base64.b64encode(_bytes(value)).decode()
        case "boolean":
            return bool(_number(value))
        case "int32" | "int64":
            return _number(value)
        case "quantity":
            return _bytes(dict(_fields(_bytes(value))).get(1, b"")).decode() or "0"
        case "int-or-string":
            parts = dict(_fields(_bytes(value)))
            text = _bytes(parts.get(3, b"")).decode()
            return text if parts.get(1) else _number(parts.get(2, 0))
        case "time":
            return _time(_bytes(value))
        case _:
            raise BadProtobuf(f"a field of type {kind.name} cannot be read: send JSON instead")


def _time(data: bytes) -> str | None:
    parts = dict(_fields(data))
    if not parts:
        return None
    seconds = _number(parts.get(1, 0)) + _number(parts.get(2, 0)) / 1e9
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _fields(data: bytes) -> Iterator[tuple[int, Wire]]:
    """The fields of a message: numbers, and values as they are on the wire."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        match tag & 7:
            case 0:
                value, at = _varint(data, at)
                yield tag >> 3, value
            case 2:
                length, at = _varint(data, at)
                if at + length > len(data):
                    raise BadProtobuf("unexpected EOF")
                yield tag >> 3, data[at : at + length]
                at += length
            case unknown:
                raise BadProtobuf(f"wire type {unknown} is not used by Kubernetes")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise BadProtobuf("a number is too long")


def _bytes(value: Wire) -> bytes:
    if isinstance(value, int):
        raise BadProtobuf("a number where a message is expected")
    return value


def _number(value: Wire) -> int:
    if not isinstance(value, int):
        raise BadProtobuf("a message where a number is expected")
    return value - 2**64 if value >= 2**63 else value
