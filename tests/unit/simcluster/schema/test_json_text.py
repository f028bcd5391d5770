"""Malformed JSON is described in Go's words."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.simcluster.schema.decoding import plain
from chaosmonkey.simcluster.schema.json_text import BadJson, read


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "unexpected end of JSON input"),
        (b"{nope", "invalid character 'n' looking for beginning of object key string"),
        (b'{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a":1 "b"}', "invalid character '\"' after object key:value pair"),
        (b"[1 2]", "invalid character '2' after array element"),
        (b'{"a":tru}', "invalid character '}' in literal true (expecting 'e')"),
        (b'{"a":1}x', "invalid character 'x' after top-level value"),
        (b'{"a":NaN}', "invalid character 'N' looking for beginning of value"),
        (b"{'a':1}", "invalid character '\\'' looking for beginning of object key string"),
        (b'{"a":-}', "invalid character '}' in numeric literal"),
        (b'{"a":1.}', "invalid character '}' after decimal point in numeric literal"),
        (b'{"a":1e}', "invalid character '}' in exponent of numeric literal"),
        (b'{"a":"\\x"}', "invalid character 'x' in string escape code"),
        (b'{"a":"\n"}', "invalid character '\\n' in string literal"),
        (b'{"a":"b', "unexpected end of JSON input"),
        (b"[" * 20_000, "exceeded max depth"),
    ],
)
def test_malformed_json_is_described_as_by_go(text: bytes, why: str) -> None:
    with pytest.raises(BadJson) as broken:
        read(text)
    assert str(broken.value) == why


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_json_is_read_as_it_was_written(value: Any) -> None:
    assert plain(read(json.dumps(value).encode())) == value


@given(st.binary(max_size=12))
def test_any_bytes_are_read_or_described(data: bytes) -> None:
    with suppress(BadJson):
        read(data)
