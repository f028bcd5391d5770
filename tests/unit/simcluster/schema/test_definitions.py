"""The definitions are Kubernetes' own, and cover what is served."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaosmonkey.simcluster.apiserver.resources import RESOURCES, ApiResource
from chaosmonkey.simcluster.schema import golang, types
from chaosmonkey.simcluster.schema.__main__ import text
from chaosmonkey.simcluster.schema.protobuf import _numbers
from chaosmonkey.simcluster.schema.types import Type, definitions, type_of

ROOT = Path(__file__).parents[4]
WHEELS = sorted((ROOT / ".venv/schemas").glob("*.whl"))


@pytest.mark.skipif(
    not WHEELS, reason="CHAOSMONKEY: no package of definitions; make .venv/schemas downloads it"
)
def test_the_file_is_what_make_schemas_writes() -> None:
    written = ROOT / "chaosmonkey/simcluster/schema/kubernetes.json"
    assert written.read_text(encoding="utf-8") == text(WHEELS[0]), "run: make schemas"


@pytest.mark.parametrize("row", RESOURCES, ids=lambda row: row.plural)
def test_every_served_kind_has_a_type(row: ApiResource) -> None:
    kind = type_of(row.api_version, row.kind)
    assert kind.kind == "object"
    assert {"apiVersion", "kind", "metadata"} <= set(kind.fields)


def test_every_type_can_be_compiled() -> None:
    for name in definitions():
        kind: Type = types._named(name)
        if kind.kind == "object":
            assert all(field.type.name for field in kind.fields.values()), name


def test_a_field_keeps_what_a_strategic_patch_needs() -> None:
    spec = type_of("v1", "Pod").fields["spec"].type
    containers = spec.fields["containers"]
    assert (containers.merged, containers.merge_key) == (True, "name")
    assert spec.fields["tolerations"].merged is False


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("spec", "replicas"), "int32"),
        (("spec", "strategy"), "v1.DeploymentStrategy"),
        (("spec", "template", "spec", "containers"), "[]v1.Container"),
        (("metadata", "labels"), "map[string]string"),
        (("spec", "template", "spec", "restartPolicy"), "v1.RestartPolicy"),
        (("spec", "paused"), "bool"),
    ],
)
def test_a_type_is_named_as_in_go(path: tuple[str, ...], name: str) -> None:
    kind = type_of("apps/v1", "Deployment")
    for step in path:
        kind = kind.fields[step].type
    assert kind.name == name


def test_what_go_adds_is_about_fields_that_exist() -> None:
    known = {
        f"{name.rpartition('.')[2]}.{field}"
        for name, found in definitions().items()
        for field in found.get("properties", {})
    }
    added = {*golang._STRINGS, *golang._KEPT_STRINGS, *golang._DROPPED_ZEROS}
    assert added <= known


def test_protobuf_numbers_are_of_fields_that_exist() -> None:
    for name, numbers in _numbers().items():
        found = definitions().get(f"io.k8s.{name}")
        if found is None:
            continue
        plain = {field for field in numbers.values() if not field.startswith("+")}
        assert plain <= set(found["properties"]), name
