"""The three patches change what they say and nothing else."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from chaosmonkey.simcluster.apiserver.patches import patch
from chaosmonkey.simcluster.apiserver.refusals import Refusal
from chaosmonkey.simcluster.schema.types import Type, type_of

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON = "application/json-patch+json"


POD = type_of("v1", "Pod").fields["spec"].type
CONTAINER = POD.fields["containers"].type.item
NODE = type_of("v1", "Node").fields["spec"].type
SERVICE = type_of("v1", "Service").fields["spec"].type
META = type_of("v1", "Pod").fields["metadata"].type


@pytest.mark.parametrize(
    ("kind", "target", "change", "result"),
    [
        (MERGE, {"a": 1, "b": {"c": 2}}, {"a": None, "b": {"d": 3}}, {"b": {"c": 2, "d": 3}}),
        (MERGE, {"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        (JSON, {"a": {"b": 1}}, [{"op": "replace", "path": "/a/b", "value": 2}], {"a": {"b": 2}}),
        (JSON, {"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}], {"a": [1, 2, 3]}),
        (JSON, {"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
        (JSON, {"a/b": 1}, [{"op": "remove", "path": "/a~1b"}], {}),
        (JSON, {"a": 1}, [{"op": "move", "from": "/a", "path": "/b"}], {"b": 1}),
    ],
)
def test_a_patch_is_applied_to_a_copy(kind: str, target: Any, change: Any, result: Any) -> None:
    before = repr(target)
    assert patch(kind, target, orjson.dumps(change), POD) == (change, result)
    assert repr(target) == before


@pytest.mark.parametrize(
    ("kind", "target", "change", "result"),
    [
        (
            POD,
            {"containers": [{"name": "a", "image": "1"}, {"name": "b"}]},
            {"containers": [{"name": "a", "image": "2"}]},
            {"containers": [{"name": "a", "image": "2"}, {"name": "b"}]},
        ),
        (
            CONTAINER,
            {"env": [{"name": "A"}, {"name": "B"}]},
            {"$setElementOrder/env": [{"name": "B"}], "env": [{"name": "A", "$patch": "delete"}]},
            {"env": [{"name": "B"}]},
        ),
        (
            CONTAINER,
            {"env": [{"name": "A"}, {"name": "B"}]},
            {"$setElementOrder/env": [{"name": "B"}, {"name": "A"}]},
            {"env": [{"name": "B"}, {"name": "A"}]},
        ),
        (
            CONTAINER,
            {"ports": [{"containerPort": 80, "name": "old"}]},
            {"ports": [{"containerPort": 80, "name": "new"}, {"containerPort": 81}]},
            {"ports": [{"containerPort": 80, "name": "new"}, {"containerPort": 81}]},
        ),
        (
            SERVICE,
            {"ports": [{"port": 80, "name": "old"}]},
            {"ports": [{"port": 80, "name": "new"}]},
            {"ports": [{"port": 80, "name": "new"}]},
        ),
        (NODE, {}, {"unschedulable": True}, {"unschedulable": True}),
        (NODE, {"unschedulable": True}, {"unschedulable": None}, {}),
        (NODE, {"taints": [{"key": "a"}]}, {"taints": [{"key": "b"}]}, {"taints": [{"key": "b"}]}),
        (META, {"finalizers": ["a"]}, {"finalizers": ["b"]}, {"finalizers": ["a", "b"]}),
        (
            META,
            {"finalizers": ["a", "b"]},
            {"$deleteFromPrimitiveList/finalizers": ["a"]},
            {"finalizers": ["b"]},
        ),
        (POD, {"nodeName": "a", "hostname": "b"}, {"$retainKeys": ["hostname"]}, {"hostname": "b"}),
        (
            POD,
            {"containers": [{"name": "a"}]},
            {"containers": [{"name": "b"}, {"$patch": "replace"}]},
            {"containers": [{"name": "b"}]},
        ),
        (META, {"labels": {"a": "1"}}, {"labels": {"b": "2"}}, {"labels": {"a": "1", "b": "2"}}),
    ],
)
def test_a_strategic_patch_merges_lists_as_their_types_say(
    kind: Type, target: Any, change: Any, result: Any
) -> None:
    assert patch(STRATEGIC, target, orjson.dumps(change), kind)[1] == result


@pytest.mark.parametrize(
    ("kind", "change", "code"),
    [
        (JSON, [{"op": "test", "path": "/a", "value": 2}], 422),
        (JSON, [{"op": "remove", "path": "/nosuch"}], 422),
        (JSON, [{"op": "paint", "path": "/a"}], 422),
        (JSON, {}, 400),
        (MERGE, [], 400),
        (STRATEGIC, {"containers": [{"image": "x"}]}, 500),
        ("application/xml", {}, 415),
    ],
)
def test_a_patch_that_cannot_be_applied_is_refused(kind: str, change: Any, code: int) -> None:
    with pytest.raises(Refusal) as refused:
        patch(kind, {"a": 1}, orjson.dumps(change), POD)
    assert refused.value.code == code
