"""Every object has cells, however little is in it."""

from __future__ import annotations

from random import Random

import pytest

from chaosmonkey.simcluster.apiserver.defaults.kinds import apply_defaults
from chaosmonkey.simcluster.apiserver.resources import RESOURCES, ApiResource
from chaosmonkey.simcluster.apiserver.tables import table
from chaosmonkey.simcluster.schema.decoding import Decoder
from chaosmonkey.simcluster.schema.types import type_of
from tests.unit.simcluster.apiserver.sparse import sparse_object

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


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda row: row.plural)
def test_no_object_of_its_kind_breaks_a_table(resource: ApiResource) -> None:
    kind = type_of(resource.api_version, resource.kind)
    for seed in range(100):
        obj = sparse_object(resource, Random(seed), odd=False)
        decoded = Decoder().decode(kind, BARE | obj)
        assert table(resource, [decoded], {}, 0.0)["rows"]
        apply_defaults(resource, decoded)
        assert table(resource, [decoded], {}, 0.0)["rows"]
