"""YAML is read as the JSON that it stands for."""

from __future__ import annotations

from typing import Any

import pytest

from chaosmonkey.simcluster.schema.decoding import Members, plain
from chaosmonkey.simcluster.schema.json_text import BadJson
from chaosmonkey.simcluster.schema.yaml_text import read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"a: 1\nb: [x, null, true]", {"a": 1, "b": ["x", None, True]}),
        (b"since: 2026-11-20", {"since": "2026-11-20"}),
        (b"at: 2026-11-20T05:26:54Z", {"at": "2026-11-20T05:26:54Z"}),
        (b"1: a\ntrue: b", {"1": "a", "true": "b"}),
        (b'{"a": {"b": "c"}}', {"a": {"b": "c"}}),
        (b"base: &b {x: 1}\nown: {<<: *b, y: 2}", {"base": {"x": 1}, "own": {"x": 1, "y": 2}}),
        (b"", None),
    ],
)
def test_yaml_reads_as_json(text: bytes, value: Any) -> None:
    assert plain(read_yaml(text)) == value


def test_repeated_keys_survive() -> None:
    assert read_yaml(b"a: 1\na: 2") == Members([("a", 1), ("a", 2)])


@pytest.mark.parametrize(
    "text", [b"a: [", b"!!python/object/apply:os.system [ls]", b"a: !!binary aGk=", b"\x00"]
)
def test_what_is_no_plain_yaml_is_refused(text: bytes) -> None:
    with pytest.raises(BadJson, match="error converting YAML to JSON"):
        read_yaml(text)
