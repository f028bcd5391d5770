"""The recorded scenarios, played by the simulator: the same workloads, cuts and seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from chaosmonkey.simcluster.apiserver.resources import (
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    LEASES,
    NODES,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
)
from chaosmonkey.simcluster.timing import KUBERNETES
from chaosmonkey.simcluster.world import World, machines
from tests.contract._sim_changes import Record, Run, reduce

WATCHED = (
    NODES,
    PODS,
    EVENTS,
    LEASES,
    ENDPOINT_SLICES,
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
    DAEMON_SETS,
)

# The recordings' workers are processes: they "boot" in a tenth of a second.
GRACE40 = replace(KUBERNETES, grace=40.0, boot=(0.1, 0.2))
GRACE8 = replace(GRACE40, grace=8.0, monitor_period=1.0, lease_duration=8.0, lease_renewal=2.0)


@dataclass(frozen=True)
class Scenario:
    """One recording and how the simulator plays it.

    `loss` is what is done to the lost nodes at second 0, `regain` undoes it at `back`.
    """

    trace: str
    lost: tuple[str, ...]
    timing: Any
    loss: str
    regain: str
    back: float
    end: float

    def play(self, seed: int) -> Run:
        return play(self, seed)


POWER = ("power_off", "power_on")
LINK = ("link_down", "link_up")
FREEZE = ("freeze", "thaw")

SCENARIOS = {
    scenario.trace: scenario
    for scenario in (
        Scenario("01-power-cut-grace40", ("node3",), GRACE40, *POWER, 66.03, 80.0),
        Scenario("02-power-cut-grace8", ("node3",), GRACE8, *POWER, 29.94, 45.0),
        Scenario("03a-frozen-20s", ("node3",), GRACE40, *FREEZE, 20.03, 60.0),
        Scenario("03b-frozen-long", ("node3",), GRACE40, *FREEZE, 65.57, 90.0),
        Scenario("03c-link-cut-20s", ("node2",), GRACE40, *LINK, 20.0, 60.0),
        Scenario("03d-link-cut-long", ("node2",), GRACE40, *LINK, 65.91, 90.0),
        Scenario(
            "04b-three-of-five-nodes-grace8",
            ("node2", "node3", "node4"),
            GRACE8,
            *POWER,
            60.03,
            80.0,
        ),
        Scenario("09-power-cut-grace8-330s", ("node3",), GRACE8, *POWER, 335.01, 350.0),
    )
}


def tolerations(seconds: int) -> list[dict[str, Any]]:
    keys = ("unreachable", "not-ready")
    return [
        {
            "key": f"node.kubernetes.io/{key}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": seconds,
        }
        for key in keys
    ]


def workload(kind: str, name: str, port: int, pod: dict[str, Any], **spec: Any) -> dict[str, Any]:
    container: dict[str, Any] = {"name": name, "image": f"registry.example/{name}:1.0"}
    container["ports"] = [{"containerPort": port}]
    probe = pod.pop("readinessProbe", None)
    if probe:
        container["readinessProbe"] = probe
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "demo"},
        "spec": spec
        | {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": pod | {"containers": [container]},
            },
        },
    }


def service(name: str, port: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "demo"},
        "spec": {"selector": {"app": name}, "ports": [{"port": port}]},
    }


def manifests() -> list[dict[str, Any]]:
    """The workloads of the recordings."""
    probe = {"httpGet": {"port": 9898}, "initialDelaySeconds": 1, "periodSeconds": 2}
    moved = {"tolerations": tolerations(5)}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "demo"}},
        workload("Deployment", "podinfo", 9898, moved | {"readinessProbe": probe}, replicas=12),
        workload("Deployment", "plain", 8080, {}, replicas=5),
        workload("StatefulSet", "web", 80, dict(moved), replicas=5, podManagementPolicy="Parallel"),
        workload("DaemonSet", "agent", 80, {}),
        service("podinfo", 9898),
        service("plain", 8080),
        service("web", 80),
    ]


def whole(timing: Any, seed: int) -> World:
    """A world as the recordings begin: five workers, everything ready for a while."""
    world = World(timing=timing, seed=seed, machines=machines(5), control_plane="")
    world.run_for(15)
    world.apply(*manifests())
    world.run_for(90 + world.timeline.random.random() * timing.lease_renewal)
    return world


@cache
def play(scenario: Scenario, seed: int) -> Run:
    """One scenario from one seed, in words."""
    world = whole(scenario.timing, seed)

    def lose() -> None:
        for name in scenario.lost:
            getattr(world, scenario.loss)(name)

    def regain() -> None:
        for name in scenario.lost:
            getattr(world, scenario.regain)(name)

    return watch(world, [(0.0, lose), (scenario.back, regain)], scenario.end)


def watch(world: World, steps: Sequence[tuple[float, Callable[[], object]]], end: float) -> Run:
    """Do things at their seconds, and put what happens into words."""
    start = world.now
    records: list[Record] = []
    for resource in WATCHED:
        name = resource.plural
        there = world.store.all(resource)
        records.extend((-1.0, name, {"type": "ADDED", "object": obj}) for obj in there)

        def note(change: Any, name: str = name) -> None:
            event = {"type": change.what, "object": change.object}
            records.append((world.now - start, name, event))

        world.store.subscribe(resource, note)
    for seconds, do in steps:
        world.run_until(start + seconds)
        do()
    world.run_until(start + end)
    return reduce(records)
