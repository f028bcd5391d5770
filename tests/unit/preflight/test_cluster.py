"""Each fault of a cluster that is planted is found, and a sound one has none."""

from collections.abc import Iterable
from typing import Any

import pytest

from chaosmonkey.config import Lab, build
from chaosmonkey.preflight import Finding, Level
from chaosmonkey.preflight.cluster import (
    check_clocks,
    check_images,
    check_nodes,
    check_spread,
    check_stateful_sets,
    check_workloads,
)

Json = dict[str, Any]


def lab(*names: str) -> Lab:
    machines = [
        {"name": name, "power": {"driver": "gpio", "pin": pin}}
        for pin, name in enumerate(names or ("node1", "node2"), start=9)
    ]
    return build(
        {"gpio": {"pin_factory": "mock"}, "timing": {"preset": "stage"}, "machine": machines}
    )


def node(
    name: str, *, ready: str = "True", images: tuple[str, ...] = (), labels: Json | None = None
) -> Json:
    return {
        "metadata": {"name": name, "labels": labels or {}},
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "images": [{"names": [image]} for image in images],
        },
    }


MASTER = {"node-role.kubernetes.io/control-plane": ""}


def deployment(*, replicas: int = 2, namespace: str = "shop", **toleration: Any) -> Json:
    tolerations = [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"} | toleration]
    return {
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "template": {"spec": {"tolerations": tolerations if toleration else []}},
        },
    }


def pod(name: str, node: str, kind: str, owner: str, image: str = "shop/web:1") -> Json:
    return {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "ownerReferences": [{"kind": kind, "name": owner}],
        },
        "spec": {"nodeName": node, "containers": [{"image": image}]},
    }


def only(findings: Iterable[Finding]) -> Finding:
    (found,) = [one for one in findings if one.level is not Level.OK]
    assert found.remedy
    return found


def test_a_sound_cluster_has_no_finding_but_good_ones() -> None:
    nodes = [node("node1"), node("node2"), node("master", labels=MASTER)]
    assert {one.level for one in check_nodes(lab(), nodes)} == {Level.OK}
    assert {one.level for one in check_workloads(lab(), [deployment(tolerationSeconds=2)])} == {
        Level.OK
    }


def test_a_machine_that_kubernetes_does_not_know_is_a_fault() -> None:
    found = only(check_nodes(lab("node1", "node9"), [node("node1")]))
    assert (found.level, found.about) == (Level.FAULT, "node9")
    assert "Nodes: node1." in found.remedy


def test_a_node_without_a_machine_is_noted() -> None:
    found = only(check_nodes(lab("node1"), [node("node1"), node("node2")]))
    assert (found.level, found.about) == (Level.NOTE, "node2")


def test_a_plug_on_the_control_plane_is_a_fault() -> None:
    found = only(check_nodes(lab("node1"), [node("node1", labels=MASTER)]))
    assert found.level is Level.FAULT
    assert "control plane" in found.says


def test_a_machine_that_is_not_ready_is_a_fault() -> None:
    assert only(check_nodes(lab("node1"), [node("node1", ready="Unknown")])).about == "node1"


def test_a_toleration_with_a_value_that_the_taint_has_not_is_no_wait_at_all() -> None:
    """Admission adds no default beside it, and it does not match: such pods go at once."""
    other = deployment(operator="Equal", value="x", tolerationSeconds=600)
    assert {one.level for one in check_workloads(lab(), [other])} == {Level.OK}


@pytest.mark.parametrize(
    ("toleration", "level", "says"),
    [
        ({}, Level.NOTE, "only 300 s after it notices"),
        ({"tolerationSeconds": 60}, Level.NOTE, "only 60 s after it notices"),
        ({"operator": "Exists"}, Level.FAULT, "never move"),
    ],
)
def test_tolerations_that_make_a_recovery_slow_or_impossible_are_found(
    toleration: Json, level: Level, says: str
) -> None:
    found = only(check_workloads(lab(), [deployment(**toleration)]))
    assert found.level is level
    assert says in found.says


def test_a_single_replica_is_noted_and_what_is_kubernetes_own_is_not() -> None:
    alone = deployment(replicas=1, tolerationSeconds=2)
    assert "unavailable while its pod moves" in only(check_workloads(lab(), [alone])).says
    assert list(check_workloads(lab(), [deployment(namespace="kube-system")])) == []


def test_a_stateful_set_on_one_machine_is_told_from_one_that_is_spread() -> None:
    stateful = {"metadata": {"name": "db", "namespace": "shop"}, "spec": {"replicas": 2}}
    together = [pod(f"db-{i}", "node1", "StatefulSet", "db") for i in (0, 1)]
    spread = [pod(f"db-{i}", f"node{i}", "StatefulSet", "db") for i in (1, 2)]
    assert (
        "All 2 pods of this StatefulSet are on node1"
        in only(check_stateful_sets([stateful], together)).says
    )
    assert "wait until their machine is back" in only(check_stateful_sets([stateful], spread)).says


@pytest.mark.parametrize(
    ("known", "lacks"),
    [
        ("docker.io/shop/web:1", False),
        ("shop/web:1", False),
        ("docker.io/shop/web:2", True),
        ("docker.io/other/web:1", True),
    ],
)
def test_an_image_that_is_not_on_every_machine_is_noted(known: str, lacks: bool) -> None:
    nodes = [node("node1", images=("docker.io/shop/web:1",)), node("node2", images=(known,))]
    found = list(check_images(lab(), nodes, [pod("web-1", "node1", "ReplicaSet", "web")]))
    assert bool(found) is lacks
    assert all("It is not on node2" in one.says for one in found)


def test_nodes_that_do_not_list_their_images_are_not_accused() -> None:
    nodes = [node("node1", images=("shop/web:1",)), node("node2")]
    assert not list(check_images(lab(), nodes, [pod("web", "node1", "ReplicaSet", "web")]))


def test_a_clock_that_is_ahead_is_noted() -> None:
    leases = [("node1", 1000.5, 2.0), ("node2", 1003.0, 2.0)]
    found = only(check_clocks(leases, (), now=1000.0))
    assert (found.about, found.says) == ("node2", "Its clock is 3.0 s ahead of this machine's.")


def test_a_clock_that_is_behind_is_noted_but_for_the_age_that_a_stamp_may_have() -> None:
    leases = [("node1", 997.0, 2.0), ("node2", 900.0, 2.0), ("node3", 970.0, 10.0)]
    behind = list(check_clocks(leases, (), now=1000.0))
    assert [(one.about, one.says) for one in behind] == [
        ("node2", "Its clock is 96.0 s behind this machine's."),
        ("node3", "Its clock is 10.0 s behind this machine's."),
    ]


def test_the_old_stamp_of_a_silent_machine_says_nothing_of_its_clock() -> None:
    leases = [("node1", 999.0, 2.0), ("node2", 10.0, 2.0), ("node3", 0.0, 2.0)]
    assert not list(check_clocks(leases, {"node2"}, now=1000.0))


@pytest.mark.parametrize(("now", "how"), [(10.0, "behind"), (9e6, "ahead of")])
def test_a_clock_of_this_machine_that_differs_from_all_is_named_alone(now: float, how: str) -> None:
    leases = [("node1", 134_632.0, 2.0), ("node2", 134_631.0, 2.0)]
    found = only(check_clocks(leases, (), now))
    assert found.about == "clock"
    assert f"{how} all nodes' clocks" in found.says


def _placed(name: str, node: str, kind: str = "ReplicaSet", **spec: object) -> Json:
    owner = {"kind": kind, "name": "o", "uid": "u", "controller": True}
    meta = {"name": name, "namespace": "shop", "uid": name, "ownerReferences": [owner]}
    return {"metadata": meta, "spec": {"nodeName": node, **spec}}


def test_a_machine_from_which_nothing_moves_is_noted_with_where_the_pods_are() -> None:
    pods = [
        _placed("a", "node1"), _placed("b", "node1"),
        _placed("db-0", "node2", "StatefulSet"),
        _placed("c", "node2", tolerations=[{"operator": "Exists"}]),
    ]  # fmt: skip
    found = only(check_spread(lab(), pods))
    assert found.about == "node2"
    assert "It has no pod that can move" in found.says
    assert "node1 (2)" in found.says


def test_pods_that_are_spread_are_not_spoken_of() -> None:
    assert not list(check_spread(lab(), [_placed("a", "node1"), _placed("b", "node2")]))
