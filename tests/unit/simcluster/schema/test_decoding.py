"""Decoding reads like Go: null and empty are absent, mistakes are named in Go's words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.simcluster.schema.decoding import Decoder, DecodingError
from chaosmonkey.simcluster.schema.json_text import read
from chaosmonkey.simcluster.schema.types import type_of

POD = type_of("v1", "Pod")
DEPLOYMENT = type_of("apps/v1", "Deployment")


def decode(kind: Any, value: Any) -> Any:
    return Decoder().decode(kind, value)


def strict(text: bytes) -> list[str]:
    decoder = Decoder()
    decoder.decode(POD, read(text))
    return decoder.strict


@pytest.mark.parametrize(
    ("given_", "read_"),
    [
        ({"spec": {"strategy": None}}, {}),
        ({"spec": {"replicas": None}}, {}),
        ({"spec": {"minReadySeconds": 0}}, {}),
        ({"spec": {"paused": False}}, {}),
        ({"spec": {"replicas": 0}}, {"replicas": 0}),
        ({"spec": {"strategy": {}}}, {"strategy": {}}),
        ({"spec": {"strategy": {"type": ""}}}, {"strategy": {}}),
        (
            {"spec": {"strategy": {"rollingUpdate": {"maxSurge": None}}}},
            {"strategy": {"rollingUpdate": {}}},
        ),
        ({"spec": None}, None),
    ],
)
def test_null_and_empty_are_absent_where_go_makes_no_difference(given_: Any, read_: Any) -> None:
    assert decode(DEPLOYMENT, given_).get("spec") == read_


@pytest.mark.parametrize("field", ["ports", "env", "readinessProbe", "resources", "command"])
def test_a_null_in_a_container_is_absent(field: str) -> None:
    pod = decode(POD, {"spec": {"containers": [{"name": "a", field: None}]}})
    assert pod["spec"]["containers"] == [{"name": "a"}]


def test_a_null_item_is_an_empty_one_and_a_null_value_an_empty_text() -> None:
    pod = decode(POD, {"metadata": {"labels": {"a": None}}, "spec": {"containers": [None]}})
    assert pod["metadata"]["labels"] == {"a": ""}
    assert pod["spec"]["containers"] == [{"name": ""}]


def test_required_texts_and_numbers_are_always_there() -> None:
    pod = decode(POD, {"status": {"conditions": [{}]}, "spec": {"containers": [{"ports": [{}]}]}})
    assert pod["status"]["conditions"] == [{"type": "", "status": ""}]
    assert pod["spec"]["containers"][0]["ports"] == [{"containerPort": 0}]


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (
            DEPLOYMENT,
            {"spec": {"replicas": "3"}},
            "string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            DEPLOYMENT,
            {"spec": {"replicas": 1.5}},
            "number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            DEPLOYMENT,
            {"spec": {"replicas": 2**31}},
            "number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            POD,
            {"metadata": {"labels": {"a": True}}},
            "bool into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            POD,
            {"spec": {"containers": [{"env": [{"name": "A", "value": 3}]}]}},
            "number into Go struct field EnvVar.spec.containers.env.value of type string",
        ),
        (
            POD,
            {"spec": {"containers": {"name": "a"}}},
            "object into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (POD, [], "array into Go value of type v1.Pod"),
        (
            DEPLOYMENT,
            {"spec": {"strategy": {"rollingUpdate": {"maxSurge": True}}}},
            "bool into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge"
            " of type int32",
        ),
    ],
)
def test_a_value_of_another_type_is_named_as_in_go(kind: Any, value: Any, why: str) -> None:
    with pytest.raises(DecodingError) as mistake:
        decode(kind, value)
    assert str(mistake.value) == f"json: cannot unmarshal {why}"


def test_only_the_first_mistake_is_named() -> None:
    with pytest.raises(DecodingError, match=r"ObjectMeta\.metadata\.name"):
        decode(POD, {"metadata": {"name": 1}, "spec": {"nodeName": 2}})


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (b'{"spec":{"foo":1}}', ['unknown field "spec.foo"']),
        (b'{"Spec":{}}', ['unknown field "Spec"']),
        (
            b'{"spec":{"containers":[{"name":"a"},{"name":"b","bar":1}],"foo":2}}',
            ['unknown field "spec.containers[1].bar"', 'unknown field "spec.foo"'],
        ),
        (b'{"spec":{"nodeName":"a","nodeName":"b"}}', ['duplicate field "spec.nodeName"']),
        (b'{"metadata":{"labels":{"a":"1","a":"2"}}}', ['duplicate field "metadata.labels.a"']),
        (b'{"metadata":{"labels":{"anything":"1"}}}', []),
    ],
)
def test_unknown_and_repeated_fields_are_collected_in_order(
    text: bytes, problems: list[str]
) -> None:
    assert strict(text) == problems


def test_unknown_fields_are_dropped() -> None:
    assert decode(POD, {"spec": {"foo": 1, "nodeName": "a"}})["spec"] == {"nodeName": "a"}


@pytest.mark.parametrize(
    ("amount", "stored"),
    [("1000m", "1"), (0.5, "500m"), ("1024Mi", "1Gi"), (2, "2"), ("0.1", "100m")],
)
def test_quantities_are_stored_in_their_canonical_form(amount: Any, stored: str) -> None:
    pod = decode(POD, {"spec": {"containers": [{"resources": {"limits": {"cpu": amount}}}]}})
    assert pod["spec"]["containers"][0]["resources"]["limits"]["cpu"] == stored


@pytest.mark.parametrize("amount", ["abc", "", "1.2.3", True, {}])
def test_what_is_no_quantity_is_refused(amount: Any) -> None:
    with pytest.raises(DecodingError, match="quantities must match the regular expression"):
        decode(POD, {"spec": {"containers": [{"resources": {"limits": {"cpu": amount}}}]}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["spec", "metadata", "name", "containers", "x"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_anything_is_decoded_or_refused_and_decoding_again_changes_nothing(value: Any) -> None:
    try:
        once = decode(POD, value)
    except DecodingError:
        return
    assert decode(POD, once) == once
