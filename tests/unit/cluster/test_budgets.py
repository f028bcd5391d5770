"""What PodDisruptionBudgets have against the loss of a node."""

from typing import Any

import pytest

from chaosmonkey.cluster import Inspector
from chaosmonkey.cluster.budgets import overrun
from tests.unit._api_server import api_server


def budget(
    allowed: int, selector: dict[str, Any] | None, namespace: str = "shop"
) -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"selector": selector},
        "status": {"disruptionsAllowed": allowed},
    }


def pod(app: str, *, ready: bool = True, namespace: str = "shop") -> dict[str, Any]:
    condition = {"type": "Ready", "status": str(ready)}
    return {
        "metadata": {"name": app, "namespace": namespace, "labels": {"app": app}},
        "status": {"conditions": [condition]},
    }


def test_a_budget_that_allows_fewer_than_would_be_lost_is_named() -> None:
    (told,) = overrun([budget(1, {"matchLabels": {"app": "web"}})], [pod("web"), pod("web")])
    assert "shop/web allows 1 unavailable pods, this takes down 2" in told


def test_a_budget_with_room_says_nothing() -> None:
    assert (
        list(overrun([budget(2, {"matchLabels": {"app": "web"}})], [pod("web"), pod("web")])) == []
    )


def test_pods_that_are_not_ready_are_no_loss() -> None:
    assert list(overrun([budget(0, {})], [pod("web", ready=False)])) == []


@pytest.mark.parametrize(
    ("expression", "counts"),
    [
        ({"key": "app", "operator": "In", "values": ["web", "x"]}, True),
        ({"key": "app", "operator": "NotIn", "values": ["web"]}, False),
        ({"key": "app", "operator": "Exists"}, True),
        ({"key": "app", "operator": "DoesNotExist"}, False),
        ({"key": "app", "operator": "Whatever"}, False),
    ],
)
def test_expressions_select_as_kubernetes_selects(expression: dict[str, Any], counts: bool) -> None:
    assert (
        bool(list(overrun([budget(0, {"matchExpressions": [expression]})], [pod("web")]))) == counts
    )


def test_an_empty_selector_selects_the_namespace_and_none_selects_nothing() -> None:
    assert list(overrun([budget(0, {})], [pod("web")]))
    assert not list(overrun([budget(0, None)], [pod("web")]))
    assert not list(overrun([budget(0, {}, namespace="other")], [pod("web")]))


async def test_budgets_are_asked_for_in_the_namespaces_of_the_settings() -> None:
    objects = {
        "/apis/policy/v1/namespaces/shop/poddisruptionbudgets": [
            budget(1, {"matchLabels": {"app": "web"}})
        ],
        "/api/v1/namespaces/shop/pods": [pod("web"), pod("web")],
    }
    async with api_server(objects, may_see=["shop"], namespaces=("shop", "cellar")) as client:
        first, second = await Inspector(client).budgets_overrun("node3")
    assert "shop/web allows 1" in first
    assert second.startswith("This server may not read the PodDisruptionBudgets of cellar,")
