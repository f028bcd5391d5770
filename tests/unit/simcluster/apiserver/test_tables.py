"""Every object has cells, however little is in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.simcluster.apiserver.defaults.kinds import apply_defaults
from chaosmonkey.simcluster.apiserver.resources import RESOURCES, ApiResource
from chaosmonkey.simcluster.apiserver.tables import table
from chaosmonkey.simcluster.schema.decoding import Decoder, DecodingError
from chaosmonkey.simcluster.schema.types import Type, type_of

BARE = {"metadata": {"name": "bare", "namespace": "default"}}


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda row: row.plural)
def test_an_object_with_nothing_but_a_name_has_a_row(resource: ApiResource) -> None:
    shown = table(resource, [BARE], {}, 0.0)
    assert len(shown["rows"][0]["cells"]) == len(shown["columnDefinitions"])


def test_a_kind_without_a_printer_shows_name_and_age() -> None:
    unknown = ApiResource("", "v1", "widgets", "Widget")
    shown = table(unknown, [BARE], {}, 0.0)
    assert [column["name"] for column in shown["columnDefinitions"]] == ["Name", "Created At"]
    assert shown["rows"][0]["cells"] == ["bare", ""]


def sparse(kind: Type, depth: int) -> st.SearchStrategy[Any]:
    """Objects of a type with any of its fields left empty."""
    match kind.kind:
        case "object" if depth:
            parts = {name: sparse(field.type, depth - 1) for name, field in kind.fields.items()}
            return st.fixed_dictionaries({}, optional=parts)
        case "list" if depth:
            return st.lists(sparse(kind.item, depth - 1), max_size=2)
        case "string":
            return st.sampled_from(["", "a", "Ready", "Running", "True"])
        case "int32" | "int64":
            return st.integers(0, 3)
        case "boolean":
            return st.booleans()
        case "time":
            return st.just("2026-11-20T05:26:54Z")
        case _:
            return st.none()


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda row: row.plural)
@given(data=st.data())
def test_no_object_that_is_accepted_breaks_a_table(resource: ApiResource, data: Any) -> None:
    kind = type_of(resource.api_version, resource.kind)
    shown = {
        name: sparse(kind.fields[name].type, 4)
        for name in ("spec", "status", "involvedObject", "source", "endpoints", "ports", "subsets")
        if name in kind.fields
    }
    obj = data.draw(st.fixed_dictionaries({}, optional=shown))
    try:
        decoded = Decoder().decode(kind, BARE | obj)
    except DecodingError:
        return
    assert table(resource, [decoded], {}, 0.0)["rows"]
    apply_defaults(resource, decoded)
    assert table(resource, [decoded], {}, 0.0)["rows"]
