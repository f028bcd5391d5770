"""What happens to a cluster when its machines do: by scenario, on simulated time."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from chaosmonkey.simcluster.apiserver.resources import DAEMON_SETS, EVENTS, NODES, PODS
from chaosmonkey.simcluster.demo import shop
from chaosmonkey.simcluster.node.nodestatus import condition
from chaosmonkey.simcluster.timing import KUBERNETES, STAGE
from chaosmonkey.simcluster.world import World, machines

Obj = dict[str, Any]


def ready(world: World, node: str) -> str:
    return str(condition(world.store.get(NODES, "", node), "Ready")["status"])


def taints(world: World, node: str) -> set[str]:
    spec = world.store.get(NODES, "", node)["spec"]
    return {f"{t['key'].split('/')[-1]}:{t['effect']}" for t in spec.get("taints", [])}


def pods(world: World, node: str = "", app: str = "") -> list[Obj]:
    return [
        pod
        for pod in world.store.all(PODS)
        if (not node or pod["spec"].get("nodeName") == node)
        and (not app or pod["metadata"]["labels"].get("app") == app)
    ]


def is_ready(pod: Obj) -> bool:
    return condition(pod, "Ready").get("status") == "True"


def reasons(world: World) -> Counter[str]:
    return Counter(event["reason"] for event in world.store.all(EVENTS))


def bare(name: str = "bare", **spec: Any) -> Obj:
    containers = [{"name": "c", "image": "registry.example/c:1"}]
    meta = {"name": name, "namespace": "default", "labels": {"app": name}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": {"containers": containers} | spec,
    }


def test_the_demo_is_thirty_ready_pods_six_on_each_worker(world: World) -> None:
    assert Counter(pod["spec"]["nodeName"] for pod in pods(world)) == {
        f"node{n}": 6 for n in range(1, 6)
    }
    assert all(is_ready(pod) for pod in pods(world))


def test_on_stage_a_power_cut_is_recovered_from_in_twenty_seconds(world: World) -> None:
    world.power_off("node3")
    world.run_for(20)
    there = [pod for pod in pods(world) if "deletionTimestamp" not in pod["metadata"]]
    wanted = {"storefront": 10, "catalog": 5, "cart": 5}
    for app, count in wanted.items():
        mine = [p for p in there if p["metadata"]["labels"]["app"] == app]
        assert len(mine) == count
        assert all(is_ready(pod) for pod in mine)


def test_nothing_moves_back_when_the_power_returns(world: World) -> None:
    world.power_off("node3")
    world.run_for(25)
    world.power_on("node3")
    world.run_for(25)
    assert ready(world, "node3") == "True"
    assert not taints(world, "node3")
    apps = {pod["metadata"]["labels"]["app"] for pod in pods(world, "node3")}
    assert apps == {"node-agent", "orders"}
    assert len(pods(world)) == 30


def test_a_statefulset_waits_for_its_dead_twin(world: World) -> None:
    twin = next(pod for pod in pods(world, "node3", "orders"))
    world.power_off("node3")
    world.run_for(300)
    still = world.store.get(PODS, "shop", twin["metadata"]["name"])
    assert still["metadata"]["uid"] == twin["metadata"]["uid"]
    assert "deletionTimestamp" in still["metadata"]
    assert still["status"]["phase"] == "Running"
    world.power_on("node3")
    world.run_for(30)
    new = world.store.get(PODS, "shop", twin["metadata"]["name"])
    assert new["metadata"]["uid"] != twin["metadata"]["uid"]
    assert is_ready(new)


def test_a_daemonsets_pod_endures_a_lost_node_for_ever(world: World) -> None:
    world.power_off("node3")
    world.run_for(1000)
    (agent,) = pods(world, "node3", "node-agent")
    assert "deletionTimestamp" not in agent["metadata"]
    assert not is_ready(agent)
    status = world.store.get(DAEMON_SETS, "shop", "node-agent")["status"]
    assert (status["desiredNumberScheduled"], status["numberMisscheduled"]) == (4, 1)


def test_a_bare_pod_is_evicted_and_never_replaced(world: World) -> None:
    world.apply(bare(nodeName="node3"))
    world.run_for(10)
    world.power_off("node3")
    world.run_for(30)
    assert "deletionTimestamp" in world.store.get(PODS, "default", "bare")["metadata"]
    world.power_on("node3")
    world.run_for(30)
    assert world.store.find(PODS, "default", "bare") is None


def test_two_machines_at_once_are_evicted_ten_seconds_apart(world: World) -> None:
    seen: list[tuple[float, str]] = []

    def note(change: Any) -> None:
        name = change.object["metadata"]["name"]
        if "unreachable:NoExecute" in taints(world, name) and name not in {n for _, n in seen}:
            seen.append((world.now, name))

    world.store.subscribe(NODES, note)
    world.power_off("node2")
    world.power_off("node3")
    world.run_for(40)
    assert {name for _, name in seen} == {"node2", "node3"}
    assert 10.0 <= seen[1][0] - seen[0][0] < 11.0


def test_eviction_stops_when_most_nodes_are_gone() -> None:
    world = World(timing=STAGE, seed=1, machines=machines(5), control_plane="")
    world.run_for(30)
    for name in ("node1", "node2", "node3"):
        world.power_off(name)
    world.run_for(60)
    assert all("unreachable:NoSchedule" in taints(world, f"node{n}") for n in (1, 2, 3))
    assert sum("unreachable:NoExecute" in taints(world, f"node{n}") for n in (1, 2, 3)) <= 1


def test_a_taint_set_is_withdrawn_when_nobody_is_left() -> None:
    world = World(timing=STAGE, seed=1, machines=machines(3), control_plane="")
    world.run_for(30)
    world.power_off("node1")
    world.run_for(15)
    assert "unreachable:NoExecute" in taints(world, "node1")
    world.power_off("node2")
    world.power_off("node3")
    world.run_for(30)
    assert not any("NoExecute" in t for n in (1, 2, 3) for t in taints(world, f"node{n}"))


def test_a_blip_shorter_than_the_grace_is_a_reboot_and_nothing_else() -> None:
    world = World(timing=KUBERNETES, seed=2, machines=machines(3), control_plane="")
    world.apply(bare(nodeName="node1"))
    world.run_for(120)
    before = world.store.get(NODES, "", "node1")["status"]["nodeInfo"]["bootID"]
    world.kubelets["node1"].power_off()
    world.run_for(2)
    world.kubelets["node1"].power_on(boot=3.0)
    world.run_for(6)
    assert ready(world, "node1") == "True"
    assert world.store.get(NODES, "", "node1")["status"]["nodeInfo"]["bootID"] != before
    assert reasons(world)["Rebooted"] == 1
    world.run_for(4)
    pod = world.store.get(PODS, "default", "bare")
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 1
    assert is_ready(pod)


def test_pods_behind_a_cut_link_run_on_and_are_seen_twice_when_it_is_mended(world: World) -> None:
    before = {p["metadata"]["uid"] for p in pods(world, "node2", "storefront")}
    world.link_down("node2")
    world.run_for(25)
    most = 0

    def count(_: Any) -> None:
        nonlocal most
        most = max(most, sum(is_ready(pod) for pod in pods(world, app="storefront")))

    world.store.subscribe(PODS, count)
    world.link_up("node2")
    world.run_for(10)
    assert most == 10 + len(before)
    assert sum(is_ready(pod) for pod in pods(world, app="storefront")) == 10
    assert not before & {p["metadata"]["uid"] for p in pods(world)}


def test_a_machine_that_lost_both_comes_back_only_with_both(world: World) -> None:
    world.power_off("node4")
    world.link_down("node4")
    world.run_for(20)
    world.power_on("node4")
    world.run_for(20)
    assert ready(world, "node4") == "Unknown"
    world.link_up("node4")
    world.run_for(20)
    assert ready(world, "node4") == "True"


def test_a_pod_without_room_waits_and_says_why(world: World) -> None:
    big = bare("big")
    big["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "64"}}
    world.apply(big)
    world.run_for(5)
    pod = world.store.get(PODS, "default", "big")
    scheduled = condition(pod, "PodScheduled")
    assert (scheduled["status"], scheduled["reason"]) == ("False", "Unschedulable")
    assert "5 Insufficient cpu" in scheduled["message"]
    assert reasons(world)["FailedScheduling"] == 1


def test_a_cordoned_node_gets_no_new_pods(world: World) -> None:
    def cordon(node: Obj) -> None:
        node["spec"]["unschedulable"] = True

    world.store.edit(NODES, ("", "node1"), cordon)
    world.run_for(1)
    assert taints(world, "node1") == {"unschedulable:NoSchedule"}
    for pod in pods(world, app="cart"):
        world.store.delete(PODS, ("shop", pod["metadata"]["name"]))
    world.run_for(10)
    assert len(pods(world, app="cart")) == 5
    assert not pods(world, "node1", "cart")


def test_the_eleventh_event_alike_is_combined(world: World) -> None:
    for _ in range(3):
        for pod in pods(world, app="cart"):
            world.store.delete(PODS, ("shop", pod["metadata"]["name"]))
        world.run_for(10)
    events = [
        event
        for event in world.store.all(EVENTS)
        if event["reason"] == "SuccessfulCreate"
        and event["involvedObject"]["name"].startswith("cart-")
    ]
    combined = [e for e in events if e["message"].startswith("(combined from similar events): ")]
    assert len(events) == 11
    assert combined[0]["count"] == 10


def test_what_a_deleted_deployment_owned_goes_too(world: World) -> None:
    from chaosmonkey.simcluster.apiserver.resources import DEPLOYMENTS, REPLICA_SETS

    world.store.delete(DEPLOYMENTS, ("shop", "cart"))
    world.run_for(10)
    assert not pods(world, app="cart")
    assert not [s for s in world.store.all(REPLICA_SETS) if "cart" in s["metadata"]["name"]]


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_makes_the_same_world(seed: int) -> None:
    def lived() -> str:
        world = World(timing=STAGE, seed=seed)
        world.apply(bare())
        world.run_for(30)
        world.power_off("node1")
        world.run_for(30)
        return repr([world.store.version, sorted(map(repr, world.store.all(PODS)))])

    assert lived() == lived()


@pytest.mark.parametrize("seed", range(8))
def test_whatever_was_taken_away_everything_is_whole_once_it_is_all_back(seed: int) -> None:
    world = World(timing=STAGE, seed=seed)
    world.run_for(5)
    world.apply(*shop(2))
    world.run_for(30)
    dice = world.timeline.random
    names = [f"node{n}" for n in range(1, 6)]
    for _ in range(25):
        happens = dice.choice(
            [world.power_off, world.power_on, world.link_down, world.link_up, None, None]
        )
        if happens:
            happens(dice.choice(names))
        elif world.context.answering:
            world.api_away()
        else:
            world.api_back()
        world.run_for(dice.uniform(0.001, 20.0))
    if not world.context.answering:
        world.api_back()
    for name in names:
        world.power_on(name)
        world.link_up(name)
    world.run_for(120)
    assert all(ready(world, name) == "True" and not taints(world, name) for name in names)
    there = pods(world)
    assert len(there) == 30
    assert all(is_ready(pod) and "deletionTimestamp" not in pod["metadata"] for pod in there)
    for uid, run in [
        (uid, run) for name in names for uid, run in world.kubelets[name].pods.runs.items()
    ]:
        assert world.store.get(PODS, *run.key)["metadata"]["uid"] == uid
