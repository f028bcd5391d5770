"""PodDisruptionBudgets: counted by the pods there are, heeded by evictions that are asked for."""

from typing import Any

import pytest

from chaosmonkey.simcluster.apiserver.resources import BUDGETS, PODS
from chaosmonkey.simcluster.controllers.disruption import forbidding
from chaosmonkey.simcluster.world import World

Obj = dict[str, Any]


def budget(**spec: Any) -> Obj:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "storefront", "namespace": "shop"},
        "spec": {"selector": {"matchLabels": {"app": "storefront"}}, **spec},
    }


def status(world: World) -> Obj:
    found: Obj = world.store.get(BUDGETS, "shop", "storefront")["status"]
    return found


def storefront(world: World) -> list[Obj]:
    return [
        pod for pod in world.store.all(PODS) if pod["metadata"]["labels"]["app"] == "storefront"
    ]


@pytest.mark.parametrize(
    ("spec", "desired", "allowed"),
    [
        ({"minAvailable": 8}, 8, 2),
        ({"minAvailable": "75%"}, 8, 2),
        ({"maxUnavailable": 1}, 9, 1),
        ({"maxUnavailable": "25%"}, 7, 3),
        ({"minAvailable": 10}, 10, 0),
    ],
)
def test_a_budget_counts_its_ten_pods(world: World, spec: Obj, desired: int, allowed: int) -> None:
    world.apply(budget(**spec))
    world.run_for(1)
    found = status(world)
    assert (found["expectedPods"], found["currentHealthy"]) == (10, 10)
    assert (found["desiredHealthy"], found["disruptionsAllowed"]) == (desired, allowed)
    (condition,) = found["conditions"]
    assert condition["status"] == ("True" if allowed else "False")


def test_a_power_cut_asks_no_budget_and_its_count_falls(world: World) -> None:
    world.apply(budget(minAvailable=10))
    world.run_for(1)
    world.power_off("node3")
    world.run_for(9)
    assert status(world)["currentHealthy"] == 8
    world.run_for(20)
    assert status(world)["currentHealthy"] == 10  # the pods moved all the same


def test_an_eviction_that_is_asked_for_is_forbidden_by_a_budget_without_room(world: World) -> None:
    pod = storefront(world)[0]
    assert forbidding(world.store, pod) is None
    world.apply(budget(minAvailable=10))
    world.run_for(1)
    found = forbidding(world.store, pod)
    assert found is not None
    assert found["metadata"]["name"] == "storefront"
