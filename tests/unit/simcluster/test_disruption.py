"""PodDisruptionBudgets: counted by the pods there are, heeded by evictions that are asked for."""

from typing import Any

import pytest

from chaosmonkey.simcluster.apiserver.handlers import Handlers
from chaosmonkey.simcluster.apiserver.paths import Target
from chaosmonkey.simcluster.apiserver.refusals import Refusal
from chaosmonkey.simcluster.apiserver.resources import BUDGETS, PODS
from chaosmonkey.simcluster.controllers.disruption import charge_budget
from chaosmonkey.simcluster.world import World
from tests.unit.simcluster.bodies import json_body

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
    charge_budget(world.store, pod)
    world.apply(budget(minAvailable=10))
    with pytest.raises(Refusal) as early:
        charge_budget(world.store, pod)
    assert "still being processed" in early.value.status()["details"]["causes"][0]["message"]
    world.run_for(1)
    with pytest.raises(Refusal) as refused:
        charge_budget(world.store, pod)
    assert refused.value.code == 429
    (cause,) = refused.value.status()["details"]["causes"]
    assert cause["message"] == (
        "The disruption budget storefront needs 10 healthy pods and has 10 currently"
    )


def test_of_six_evictions_in_a_row_a_budget_with_room_for_one_lets_one_pass(world: World) -> None:
    world.apply(budget(maxUnavailable=1))
    world.run_for(1)
    handlers = Handlers(world.store, world.admission)
    answers = []
    for pod in storefront(world)[:6]:
        target = Target(PODS, "shop", pod["metadata"]["name"], "eviction")
        try:
            eviction = json_body(kind="Eviction", metadata={"name": target.name})
            answers.append(handlers.create(target, eviction, {}).code)
        except Refusal as refused:
            answers.append(refused.code)
    assert answers == [201, 429, 429, 429, 429, 429]
    assert status(world)["disruptionsAllowed"] == 0
    assert len(status(world)["disruptedPods"]) == 1
    world.run_for(20)
    assert "disruptedPods" not in status(world)
    assert status(world)["disruptionsAllowed"] == 1  # its successor is ready


def test_a_dry_eviction_charges_nothing(world: World) -> None:
    world.apply(budget(maxUnavailable=1))
    world.run_for(1)
    for pod in storefront(world)[:2]:
        charge_budget(world.store, pod, dry=True)
    assert status(world)["disruptionsAllowed"] == 1


def test_a_disrupted_pod_that_is_not_deleted_counts_again_after_two_minutes(world: World) -> None:
    world.apply(budget(maxUnavailable=1))
    world.run_for(1)
    charge_budget(world.store, storefront(world)[0])
    world.run_for(110)
    assert (status(world)["currentHealthy"], status(world)["disruptionsAllowed"]) == (9, 0)
    world.run_for(15)
    assert (status(world)["currentHealthy"], status(world)["disruptionsAllowed"]) == (10, 1)


def test_a_share_of_pods_is_one_of_the_replicas_that_are_wanted(world: World) -> None:
    world.apply(budget(maxUnavailable="30%"))
    world.power_off("node3")
    world.run_for(9)  # two of the ten are unready, and one more may go
    found = status(world)
    assert (found["expectedPods"], found["desiredHealthy"], found["disruptionsAllowed"]) == (
        10,
        7,
        1,
    )


def test_an_unready_pod_is_evicted_under_a_healthy_budget_without_a_charge(world: World) -> None:
    world.apply(budget(minAvailable=8))
    world.power_off("node3")
    world.run_for(9)
    assert status(world)["disruptionsAllowed"] == 0
    lost = next(pod for pod in storefront(world) if pod["spec"]["nodeName"] == "node3")
    charge_budget(world.store, lost)
    assert "disruptedPods" not in status(world)


def test_a_budget_over_a_daemonset_in_shares_allows_nothing_and_says_why(world: World) -> None:
    over = budget(maxUnavailable=1)
    over["spec"]["selector"]["matchLabels"]["app"] = "node-agent"
    world.apply(over)
    world.run_for(1)
    assert status(world)["disruptionsAllowed"] == 0
    (condition,) = status(world)["conditions"]
    assert condition["reason"] == "SyncFailed"
    assert condition["message"] == "daemonsets.apps does not implement the scale subresource"


def test_a_pod_that_runs_cannot_be_bound_a_second_time(world: World) -> None:
    pod = storefront(world)[0]
    name, node = pod["metadata"]["name"], pod["spec"]["nodeName"]
    target = Target(PODS, "shop", name, "binding")
    binding = json_body(target={"name": "node9"})
    with pytest.raises(Refusal) as refused:
        Handlers(world.store, world.admission).create(target, binding, {})
    assert refused.value.code == 409
    assert refused.value.message == (
        f'Operation cannot be fulfilled on pods/binding "{name}": pod {name} is already assigned '
        f'to node "{node}"'
    )
    assert world.store.get(PODS, "shop", name)["spec"]["nodeName"] == node
