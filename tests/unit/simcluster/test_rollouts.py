"""Rollouts of Deployments: revisions, history, limits, deadlines and pauses, on simulated time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chaosmonkey.simcluster.apiserver.resources import DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS
from chaosmonkey.simcluster.apiserver.storage import clone
from chaosmonkey.simcluster.controllers import rollout
from chaosmonkey.simcluster.controllers.scaledown import deletion_order
from chaosmonkey.simcluster.node.nodestatus import condition
from chaosmonkey.simcluster.timestamps import moment
from chaosmonkey.simcluster.world import World

Obj = dict[str, Any]
CART = ("shop", "cart")
REVISION = "deployment.kubernetes.io/revision"


def edit(world: World, change: Callable[[Obj], None]) -> None:
    world.store.edit(DEPLOYMENTS, CART, change)


def set_image(world: World, image: str, *, then: float = 15.0) -> None:
    def change(deployment: Obj) -> None:
        deployment["spec"]["template"]["spec"]["containers"][0]["image"] = image

    edit(world, change)
    world.run_for(then)


def cart(world: World) -> Obj:
    return world.store.get(DEPLOYMENTS, *CART)


def sets(world: World) -> dict[str, Obj]:
    """The ReplicaSets of the cart by their image."""
    return {
        s["spec"]["template"]["spec"]["containers"][0]["image"]: s
        for s in world.store.all(REPLICA_SETS)
        if s["metadata"]["name"].startswith("cart-")
    }


def progressing(world: World) -> tuple[str, str, str]:
    found = condition(cart(world), "Progressing")
    return found["status"], found["reason"], found["message"]


def test_going_back_to_an_earlier_template_reuses_its_set_as_the_newest_revision(
    world: World,
) -> None:
    set_image(world, "x:1")
    set_image(world, "x:2")
    first = sets(world)["x:1"]["metadata"]
    assert first["annotations"][REVISION] == "2"
    set_image(world, "x:1")
    again = sets(world)["x:1"]["metadata"]
    assert again["uid"] == first["uid"]
    assert again["annotations"][REVISION] == "4"
    assert again["annotations"]["deployment.kubernetes.io/revision-history"] == "2"
    assert cart(world)["metadata"]["annotations"][REVISION] == "4"
    assert sets(world)["x:1"]["spec"]["replicas"] == 5


def test_a_template_with_a_null_creation_time_is_the_same_template(world: World) -> None:
    before = set(sets(world))

    def undo(deployment: Obj) -> None:
        (only,) = sets(world).values()
        template = clone(only["spec"]["template"])
        del template["metadata"]["labels"]["pod-template-hash"]
        template["metadata"]["creationTimestamp"] = None
        deployment["spec"]["template"] = template

    edit(world, undo)
    world.run_for(5)
    assert set(sets(world)) == before
    assert len([s for s in world.store.all(REPLICA_SETS) if "cart-" in s["metadata"]["name"]]) == 1


def test_no_more_old_sets_stay_than_the_history_limit(world: World) -> None:
    def limit(deployment: Obj) -> None:
        deployment["spec"]["revisionHistoryLimit"] = 2

    edit(world, limit)
    for number in range(1, 6):
        set_image(world, f"x:{number}")
    assert set(sets(world)) == {"x:3", "x:4", "x:5"}


def test_the_change_cause_goes_with_the_set(world: World) -> None:
    def change(deployment: Obj) -> None:
        notes = deployment["metadata"].setdefault("annotations", {})
        notes["kubernetes.io/change-cause"] = "a new image"
        deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "x:1"

    edit(world, change)
    world.run_for(15)
    notes = sets(world)["x:1"]["metadata"]["annotations"]
    assert notes["kubernetes.io/change-cause"] == "a new image"


def test_a_rollout_without_progress_is_reported_after_its_deadline(world: World) -> None:
    def change(deployment: Obj) -> None:
        deployment["spec"]["progressDeadlineSeconds"] = 60
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        container["image"] = "x:1"
        container["resources"] = {"requests": {"cpu": "64"}}

    edit(world, change)
    world.run_for(50)
    assert progressing(world)[0] == "True"
    world.run_for(20)
    name = sets(world)["x:1"]["metadata"]["name"]
    text = f'ReplicaSet "{name}" has timed out progressing.'
    assert progressing(world) == ("False", "ProgressDeadlineExceeded", text)
    ready = [p for p in world.store.all(PODS) if p["metadata"]["labels"]["app"] == "cart"]
    assert sum(condition(p, "Ready").get("status") == "True" for p in ready) == 4


def test_a_paused_deployment_scales_but_does_not_roll_out_until_it_is_resumed(
    world: World,
) -> None:
    def pause(deployment: Obj) -> None:
        deployment["spec"]["paused"] = True

    def scale(deployment: Obj) -> None:
        deployment["spec"]["replicas"] = 7

    def resume(deployment: Obj) -> None:
        del deployment["spec"]["paused"]

    before = set(sets(world))
    edit(world, pause)
    set_image(world, "x:1")
    assert progressing(world) == ("Unknown", "DeploymentPaused", "Deployment is paused")
    assert set(sets(world)) == before
    edit(world, scale)
    world.run_for(5)
    assert cart(world)["status"]["replicas"] == 7
    edit(world, resume)
    world.run_for(20)
    assert sets(world)["x:1"]["spec"]["replicas"] == 7
    assert progressing(world)[:2] == ("True", "NewReplicaSetAvailable")


@pytest.mark.parametrize(
    ("most", "least", "bounds"),
    [("25%", "25%", (4, 7)), (0, 1, (4, 5)), (1, 0, (5, 6)), (0, 0, (4, 5))],
)
def test_a_rolling_update_keeps_within_surge_and_unavailable(
    world: World, most: object, least: object, bounds: tuple[int, int]
) -> None:
    seen: list[tuple[int, int]] = []

    def note(_: Any) -> None:
        pods = [p for p in world.store.all(PODS) if p["metadata"]["labels"]["app"] == "cart"]
        staying = [p for p in pods if "deletionTimestamp" not in p["metadata"]]
        ready = sum(condition(p, "Ready").get("status") == "True" for p in staying)
        wanted = sum(s["spec"]["replicas"] for s in sets(world).values())
        seen.append((ready, wanted))

    def change(deployment: Obj) -> None:
        limits = {"maxSurge": most, "maxUnavailable": least}
        deployment["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": limits}

    edit(world, change)
    world.run_for(1)
    world.store.subscribe(PODS, note)
    set_image(world, "x:1", then=60.0)
    assert sets(world)["x:1"]["status"]["availableReplicas"] == 5
    assert (min(ready for ready, _ in seen), max(count for _, count in seen)) == bounds


def test_recreate_starts_no_new_pod_before_the_last_old_one_is_gone(world: World) -> None:
    images: list[set[str]] = []

    def note(_: Any) -> None:
        pods = [p for p in world.store.all(PODS) if p["metadata"]["labels"]["app"] == "cart"]
        running = [p for p in pods if p["status"].get("phase") != "Succeeded"]
        images.append({p["spec"]["containers"][0]["image"] for p in running})

    def change(deployment: Obj) -> None:
        deployment["spec"]["strategy"] = {"type": "Recreate"}

    edit(world, change)
    world.store.subscribe(PODS, note)
    set_image(world, "x:1", then=30.0)
    assert sets(world)["x:1"]["status"]["availableReplicas"] == 5
    assert max(map(len, images)) == 1


def test_a_deployment_scaled_during_a_rollout_grows_its_sets_in_proportion() -> None:
    def one(name: str, replicas: int) -> Obj:
        notes = {"deployment.kubernetes.io/max-replicas": "13"}
        meta = {"name": name, "creationTimestamp": name, "annotations": notes}
        return {"metadata": meta, "spec": {"replicas": replicas}, "status": {}}

    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}
    owner = {"spec": {"replicas": 15, "strategy": strategy}, "status": {}}
    # The example of Kubernetes' documentation: 8 and 5 of 10 (+3) become 11 and 7 of 15 (+3).
    assert rollout.proportional(owner, [one("a", 8), one("b", 5)]) == {"a": 11, "b": 7}


def test_the_events_of_a_rollout_name_each_step(world: World) -> None:
    set_image(world, "x:1")
    new, old = (
        sets(world)[image]["metadata"]["name"] for image in ("x:1", "registry.example/cart:1.4")
    )
    said = [e["message"] for e in world.store.all(EVENTS) if e["reason"] == "ScalingReplicaSet"]
    assert f"Scaled up replica set {new} from 0 to 2" in said
    assert f"Scaled down replica set {old} from 5 to 4" in said


def pod(name: str, **facts: Any) -> Obj:
    """An active pod, ready for a long time unless `facts` says otherwise."""
    ready = {"type": "Ready", "status": facts.get("ready", "True")}
    ready["lastTransitionTime"] = facts.get("since", "2026-01-01T00:00:00Z")
    born = facts.get("born", "2026-01-01T00:00:00Z")
    notes = {"controller.kubernetes.io/pod-deletion-cost": facts.get("cost", "0")}
    meta = {"name": name, "uid": name, "creationTimestamp": born, "annotations": notes}
    counts = [{"restartCount": facts.get("restarts", 0)}]
    status = {"phase": facts.get("phase", "Running"), "conditions": [ready]}
    node = {"nodeName": facts["node"]} if facts["node"] else {}
    return {"metadata": meta, "spec": node, "status": status | {"containerStatuses": counts}}


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (
            pod("z", node="", ready="False", phase="Pending"),
            pod("a", phase="Pending", ready="False", node="n1"),
        ),
        (pod("z", phase="Pending", ready="False", node="n1"), pod("a", ready="False", node="n1")),
        (pod("z", ready="False", node="n1"), pod("a", node="n1")),
        (pod("z", cost="-5", node="n1"), pod("a", node="n1")),
        (pod("z", since="2026-01-01T00:59:50Z", node="n1"), pod("a", node="n1")),
        (pod("z", restarts=3, node="n1"), pod("a", node="n1")),
        (pod("z", born="2026-01-01T00:59:50Z", node="n1"), pod("a", node="n1")),
        (pod("a", since="2026-01-01T00:00:01Z", node="n1"), pod("z", node="n1")),
    ],
)
def test_a_scale_down_takes_the_pods_that_kubernetes_takes_first(first: Obj, then: Obj) -> None:
    now = moment("2026-01-01T01:00:00Z")
    both = [then, first]
    assert deletion_order(both, both, now) == [first, then]


def test_a_scale_down_takes_a_pod_from_the_node_that_has_more_of_the_owners() -> None:
    alone, doubled = pod("a", node="n1"), pod("z", node="n2")
    sibling = pod("sibling", node="n2")
    order = deletion_order(
        [alone, doubled], [alone, doubled, sibling], moment("2026-01-01T01:00:00Z")
    )
    assert order == [doubled, alone]


def test_a_pod_is_available_after_it_was_ready_for_the_minimum(world: World) -> None:
    def wait(deployment: Obj) -> None:
        deployment["spec"]["minReadySeconds"] = 20
        deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "x:1"

    edit(world, wait)
    world.run_for(12)
    status = sets(world)["x:1"]["status"]
    assert (status["readyReplicas"], status.get("availableReplicas", 0)) == (3, 0)
    world.run_for(60)
    assert sets(world)["x:1"]["status"]["availableReplicas"] == 5
