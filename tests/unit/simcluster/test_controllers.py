"""What the controllers and kubelets do with each other's writes, on simulated time."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from chaosmonkey.simcluster.apiserver.resources import DEPLOYMENTS, LEASES, NODES, PODS
from chaosmonkey.simcluster.controllers.deployment import Deployments
from chaosmonkey.simcluster.controllers.podgc import OUT_OF_SERVICE, PodGarbage
from chaosmonkey.simcluster.controllers.zones import by_zone, rate_in, state_of
from chaosmonkey.simcluster.demo import shop
from chaosmonkey.simcluster.node.kubelet import backoff_left
from chaosmonkey.simcluster.node.nodestatus import condition
from chaosmonkey.simcluster.timing import KUBERNETES, STAGE
from chaosmonkey.simcluster.world import World, machines

Obj = dict[str, Any]


def is_ready(pod: Obj) -> bool:
    return condition(pod, "Ready").get("status") == "True"


def demo(seed: int) -> World:
    world = World(timing=STAGE, seed=seed)
    world.run_for(5)
    world.apply(*shop(2))
    world.run_for(55)
    return world


@pytest.mark.parametrize("seed", range(6))
def test_pods_are_ready_again_after_a_cut_during_which_the_api_server_was_away(seed: int) -> None:
    world = demo(seed)
    world.power_off("node3")
    world.run_for(2.5)
    world.api_away()
    world.run_for(6)
    world.api_back()
    world.run_for(30)
    unready = [
        pod["metadata"]["name"]
        for pod in world.store.all(PODS)
        if pod["spec"]["nodeName"] != "node3" and not is_ready(pod)
    ]
    assert unready == []


def test_a_kubelet_restores_the_status_of_a_pod_that_another_client_wrote(world: World) -> None:
    pod = next(p for p in world.store.all(PODS) if p["spec"]["nodeName"] == "node2")
    key = ("shop", pod["metadata"]["name"])

    def unready(found: Obj) -> None:
        for row in found["status"]["conditions"]:
            if row["type"] == "Ready":
                row["status"] = "False"

    world.store.edit(PODS, key, unready)
    assert not is_ready(world.store.get(PODS, *key))
    world.run_for(2.1)
    assert is_ready(world.store.get(PODS, *key))


def test_pods_evicted_while_their_machine_was_frozen_for_a_short_time_go_when_it_thaws(
    world: World,
) -> None:
    world.freeze("node2")
    world.run_for(20)
    leaving = [p for p in world.store.all(PODS) if "deletionTimestamp" in p["metadata"]]
    assert leaving
    world.thaw("node2")
    world.run_for(10)
    there = {pod["metadata"]["uid"] for pod in world.store.all(PODS)}
    assert not there & {pod["metadata"]["uid"] for pod in leaving}


def test_a_controller_reports_an_object_that_it_cannot_handle_and_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def spoil(deployment: Obj) -> None:
        deployment["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": "soon"}

    def scale(deployment: Obj) -> None:
        deployment["spec"]["replicas"] = 3

    world.store.edit(DEPLOYMENTS, ("shop", "catalog"), spoil)
    world.store.edit(DEPLOYMENTS, ("shop", "cart"), scale)
    world.run_for(5)
    assert f"{Deployments.__name__} cannot reconcile shop/catalog" in caplog.text
    caplog.clear()
    assert world.store.get(DEPLOYMENTS, "shop", "cart")["status"]["replicas"] == 3


def test_the_node_controller_reports_a_node_that_it_cannot_handle_and_watches_the_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def spoil(node: Obj) -> None:
        node["spec"]["taints"] = [{"effect": "NoSchedule"}]

    world.store.edit(NODES, ("", "node1"), spoil)
    world.power_off("node3")
    world.run_for(12)
    assert "NodeLifecycle cannot handle /node1" in caplog.text
    caplog.clear()
    assert condition(world.store.get(NODES, "", "node3"), "Ready")["status"] == "Unknown"


def of_node(world: World, name: str) -> list[Obj]:
    return [p for p in world.store.all(PODS) if p["spec"].get("nodeName") == name]


def test_the_pods_of_a_deleted_node_are_deleted_after_forty_to_eighty_seconds(
    world: World,
) -> None:
    lost = {pod["metadata"]["uid"] for pod in of_node(world, "node2")}
    seen: list[tuple[str, str]] = []

    def note(change: Any) -> None:
        if change.object["metadata"]["uid"] in lost:
            target = condition(change.object, "DisruptionTarget")
            seen.append((change.object["status"]["phase"], target.get("reason", "")))

    world.store.subscribe(PODS, note)
    world.store.delete(NODES, ("", "node2"))
    world.run_for(39.9)
    assert {pod["metadata"]["uid"] for pod in of_node(world, "node2")} == lost
    world.run_for(42)
    assert of_node(world, "node2") == []
    assert world.store.find(NODES, "", "node2") is None
    assert set(seen) == {("Failed", "DeletionByPodGC")}
    world.run_for(30)
    assert len([pod for pod in world.store.all(PODS) if is_ready(pod)]) == 29


def test_a_deleted_node_is_registered_again_when_its_machine_restarts(world: World) -> None:
    world.store.delete(NODES, ("", "node2"))
    world.power_off("node2")
    world.run_for(1)
    world.power_on("node2")
    world.run_for(15)
    assert condition(world.store.get(NODES, "", "node2"), "Ready")["status"] == "True"


def test_the_taint_out_of_service_frees_the_pods_of_a_machine_that_is_off(world: World) -> None:
    world.power_off("node3")
    world.run_for(30)
    waiting = [pod for pod in of_node(world, "node3") if "deletionTimestamp" in pod["metadata"]]
    assert len(waiting) == 5

    def taint(node: Obj) -> None:
        row = {"key": OUT_OF_SERVICE, "value": "nodeshutdown", "effect": "NoExecute"}
        node["spec"]["taints"].append(row)

    world.store.edit(NODES, ("", "node3"), taint)
    world.run_for(50)
    assert of_node(world, "node3") == []
    twin = next(p for p in waiting if p["metadata"]["name"].startswith("orders"))
    assert is_ready(world.store.get(PODS, "shop", twin["metadata"]["name"]))


def test_finished_pods_above_the_threshold_go_oldest_first(world: World) -> None:
    PodGarbage(world.context, threshold=2)
    for number in range(5):
        meta = {"name": f"done-{number}", "namespace": "shop", "labels": {}}
        spec = {"containers": [], "nodeName": "node1"}
        pod = {"metadata": meta, "spec": spec, "status": {"phase": "Succeeded"}}
        world.store.create(PODS, pod)
        world.run_for(1)
    world.run_for(20)
    left = {p["metadata"]["name"] for p in world.store.all(PODS)}
    assert {name for name in left if name.startswith("done")} == {"done-3", "done-4"}


def test_a_node_whose_connections_were_reset_is_ready_when_its_watch_is_back() -> None:
    world = World(timing=KUBERNETES, seed=4, machines=machines(5), control_plane="")
    world.run_for(30)
    world.apply(*shop(5))
    world.run_for(90)
    there = {pod["metadata"]["uid"] for pod in of_node(world, "node2")}
    world.link_reset("node2")
    world.run_for(120)
    lease = world.store.get(LEASES, "kube-node-lease", "node2")["spec"]["renewTime"]
    world.link_restored("node2")
    world.run_for(9)
    assert world.store.get(LEASES, "kube-node-lease", "node2")["spec"]["renewTime"] > lease
    found = condition(world.store.get(NODES, "", "node2"), "Ready")
    assert found["status"] == "Unknown"
    assert found["lastHeartbeatTime"] > found["lastTransitionTime"]
    world.run_for(75)
    assert condition(world.store.get(NODES, "", "node2"), "Ready")["status"] == "True"
    world.run_for(20)
    left = [pod for pod in of_node(world, "node2") if pod["metadata"]["uid"] in there]
    assert left
    assert all(is_ready(p) and "deletionTimestamp" not in p["metadata"] for p in left)


def test_a_watch_that_failed_for_minutes_tries_again_within_a_minute() -> None:
    chance = Random(1)
    waits = [backoff_left(600.0, lambda span: chance.uniform(*span)) for _ in range(40)]
    assert 0 < min(waits) < max(waits) <= 60
    assert backoff_left(0.0, lambda span: span[0]) == 0.8


def test_when_all_nodes_are_lost_at_once_their_taints_come_seconds_later() -> None:
    world = demo(1)
    moments: dict[str, list[float]] = {"unready": [], "tainted": []}
    world.api_away()
    world.run_for(62)
    start = world.now

    def pod_changed(change: Any) -> None:
        if not is_ready(change.object):
            moments["unready"].append(world.now - start)

    def node_changed(change: Any) -> None:
        if any(t["key"].endswith("unreachable") for t in change.object["spec"].get("taints", ())):
            moments["tainted"].append(world.now - start)

    world.store.subscribe(PODS, pod_changed)
    world.store.subscribe(NODES, node_changed)
    world.api_back()
    world.run_for(1)
    # 6 nodes and 30 pods: 36 writes and as many events, of which 30 go at once and 20 per second.
    assert 0.2 < max(moments["unready"]) < 0.8
    assert moments["tainted"] == []
    world.run_for(30)
    assert all(moment > 2 for moment in moments["tainted"])


def node(name: str, *, lost: bool, **labels: str) -> Obj:
    row = {"type": "Ready", "status": "Unknown" if lost else "True"}
    marks = {f"topology.kubernetes.io/{key}": value for key, value in labels.items()}
    return {"metadata": {"name": name, "labels": marks}, "status": {"conditions": [row]}}


@pytest.mark.parametrize(
    ("lost", "total", "state", "rate"),
    [
        (2, 3, "normal", 0.1),
        (3, 5, "partial", 0.0),
        (3, 6, "normal", 0.1),
        (5, 5, "full", 0.1),
        (28, 50, "partial", 0.0),
        (29, 51, "partial", 0.01),
    ],
)
def test_a_zone_evicts_at_the_rate_of_its_state(
    lost: int, total: int, state: str, rate: float
) -> None:
    nodes = [node(f"n{n}", lost=n < lost, zone="a") for n in range(total)]
    nodes += [node("b1", lost=False, zone="b")]
    zones = by_zone(nodes)
    assert set(zones) == {"/a", "/b"}
    found = state_of(zones["/a"], KUBERNETES)
    assert (found, rate_in(found, total, KUBERNETES)) == (state, rate)
    assert state_of(zones["/b"], KUBERNETES) == "normal"
