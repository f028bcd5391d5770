"""The three patches change what they say and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from chaosmonkey.simcluster.apiserver.patches import patch
from chaosmonkey.simcluster.apiserver.refusals import Refusal

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON = "application/json-patch+json"


@pytest.mark.parametrize(
    ("kind", "target", "change", "result"),
    [
        (MERGE, {"a": 1, "b": {"c": 2}}, {"a": None, "b": {"d": 3}}, {"b": {"c": 2, "d": 3}}),
        (MERGE, {"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        (
            STRATEGIC,
            {"spec": {}},
            {"spec": {"unschedulable": True}},
            {"spec": {"unschedulable": True}},
        ),
        (
            STRATEGIC,
            {"containers": [{"name": "a", "image": "1"}, {"name": "b"}]},
            {"containers": [{"name": "a", "image": "2"}]},
            {"containers": [{"name": "a", "image": "2"}, {"name": "b"}]},
        ),
        (
            STRATEGIC,
            {"env": [{"name": "A"}, {"name": "B"}]},
            {"$setElementOrder/env": [{"name": "B"}], "env": [{"name": "A", "$patch": "delete"}]},
            {"env": [{"name": "B"}]},
        ),
        (
            STRATEGIC,
            {"taints": [{"key": "a"}]},
            {"taints": [{"key": "b"}]},
            {"taints": [{"key": "b"}]},
        ),
        (JSON, {"a": {"b": 1}}, [{"op": "replace", "path": "/a/b", "value": 2}], {"a": {"b": 2}}),
        (JSON, {"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}], {"a": [1, 2, 3]}),
        (JSON, {"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
        (JSON, {"a/b": 1}, [{"op": "remove", "path": "/a~1b"}], {}),
        (JSON, {"a": 1}, [{"op": "move", "from": "/a", "path": "/b"}], {"b": 1}),
    ],
)
def test_a_patch_is_applied_to_a_copy(kind: str, target: Any, change: Any, result: Any) -> None:
    before = repr(target)
    assert patch(kind, target, change) == result
    assert repr(target) == before


@pytest.mark.parametrize(
    ("kind", "change", "code"),
    [
        (JSON, [{"op": "test", "path": "/a", "value": 2}], 400),
        (JSON, [{"op": "remove", "path": "/nosuch"}], 400),
        (JSON, [{"op": "paint", "path": "/a"}], 400),
        ("application/xml", {}, 415),
    ],
)
def test_a_patch_that_cannot_be_applied_is_refused(kind: str, change: Any, code: int) -> None:
    with pytest.raises(Refusal) as refused:
        patch(kind, {"a": 1}, change)
    assert refused.value.code == code
