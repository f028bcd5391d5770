"""Protobuf bodies mean the same as JSON; the bytes here were sent by kubectl 1.32.4."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from chaosmonkey.simcluster.schema.decoding import Decoder
from chaosmonkey.simcluster.schema.openapi_proto import document
from chaosmonkey.simcluster.schema.protobuf import BadProtobuf, _fields, read_protobuf
from chaosmonkey.simcluster.schema.types import type_of

NAMESPACE = (
    b'k8s\x00\n\x0f\n\x02v1\x12\tNamespace\x12\x1b\n\x13\n\x03foo\x12\x00\x1a\x00"\x00*\x002\x008'
    b'\x00B\x00\x12\x00\x1a\x02\n\x00\x1a\x00"\x00'
)
SERVICE = (
    b'k8s\x00\n\r\n\x02v1\x12\x07Service\x12`\n\x1b\n\x01s\x12\x00\x1a\x00"\x00*\x002\x008\x00B'
    b'\x00Z\x08\n\x03app\x12\x01s\x12=\n\x18\n\x0580-80\x12\x03TCP\x18P"\x06\x08\x00\x10P\x1a'
    b'\x00(\x00\x12\x08\n\x03app\x12\x01s\x1a\x00"\tClusterIP:\x00B\x00R\x00Z\x00`\x00h\x00\x1a'
    b'\x02\n\x00\x1a\x00"\x00'
)


def decoded(body: bytes) -> Any:
    found = read_protobuf(body)
    return Decoder().decode(type_of(found["apiVersion"], found["kind"]), found)


def test_a_namespace_is_read() -> None:
    found = decoded(NAMESPACE)
    assert (found["apiVersion"], found["kind"]) == ("v1", "Namespace")
    assert found["metadata"] == {"name": "foo"}


def test_maps_lists_numbers_and_ports_are_read() -> None:
    found = decoded(SERVICE)
    assert found["metadata"] == {"name": "s", "labels": {"app": "s"}}
    assert found["spec"] == {
        "type": "ClusterIP",
        "selector": {"app": "s"},
        "ports": [{"name": "80-80", "protocol": "TCP", "port": 80, "targetPort": 80}],
    }


HEAD = NAMESPACE[: NAMESPACE.index(b"\x12\x1b")]
NAMED = b"\n\x05\n\x03foo"


def with_field_127(data: bytes) -> bytes:
    raw = NAMED + b"\xfa\x07" + bytes([len(data)]) + data
    return HEAD + b"\x12" + bytes([len(raw)]) + raw


def test_an_empty_field_without_a_number_is_skipped() -> None:
    assert decoded(with_field_127(b""))["metadata"] == {"name": "foo"}


def test_a_field_without_a_number_is_refused_rather_than_dropped() -> None:
    with pytest.raises(BadProtobuf, match=r"unknown field 127 of v1\.Namespace"):
        read_protobuf(with_field_127(b"x"))


@pytest.mark.parametrize("end", range(4, len(SERVICE) - 1, 7))
def test_cut_bytes_are_refused_or_read_but_never_break(end: int) -> None:
    with suppress(BadProtobuf):
        read_protobuf(SERVICE[:end])


def test_what_is_no_protobuf_is_refused() -> None:
    with pytest.raises(BadProtobuf, match="does not appear to be a protobuf message"):
        read_protobuf(b'{"kind":"Pod"}')


def test_the_openapi_document_holds_its_definitions() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "description": "A"}}}
    parts = dict(_fields(document("Kubernetes", "v1", {"x.Y": schema})))
    assert parts[1] == b"2.0"
    named = dict(_fields(dict(_fields(parts[9]))[1]))  # type: ignore[arg-type]
    assert named[1] == b"x.Y"
