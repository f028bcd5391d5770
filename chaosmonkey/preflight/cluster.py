"""Checks of the cluster: machines and nodes, and what makes a recovery slow or impossible.

Pure: JSON of lists in, findings out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from chaosmonkey.cluster import decoders
from chaosmonkey.config import Lab
from chaosmonkey.preflight.findings import Finding, fault, note, ok

Json = dict[str, Any]

CONTROL_PLANE = (
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/master",
)
UNREACHABLE = "node.kubernetes.io/unreachable"

DEFAULT_TOLERATION = 300.0
"""Seconds: kube-apiserver `--default-unreachable-toleration-seconds`."""


def check_nodes(lab: Lab, nodes: Iterable[Json]) -> Iterator[Finding]:
    """Machines without a node, nodes without a machine, and nodes that must not be cut."""
    by_name = {node["metadata"]["name"]: node for node in nodes}
    for machine in lab.machine:
        node = by_name.get(machine.node_name)
        if node is None:
            yield fault(
                machine.name,
                f"Kubernetes has no node called '{machine.node_name}'.",
                f"Set `node` in its [[machine]]. Nodes: {', '.join(sorted(by_name)) or 'none'}.",
            )
        elif _is_control_plane(node):
            yield fault(
                machine.name,
                "Its node runs the control plane, but it has a plug.",
                "Remove it from lab.toml: without the control plane no pod is rescheduled.",
            )
        elif not _is_ready(node):
            yield fault(machine.name, "Its node is not Ready.", "Wait, or check its kubelet.")
        else:
            yield ok(machine.name, "Its node is Ready.")
    known = {machine.node_name for machine in lab.machine}
    for name in sorted(set(by_name) - known):
        if not _is_control_plane(by_name[name]):
            yield note(name, "No machine in lab.toml has this node.", "Add a [[machine]] for it.")


def check_workloads(lab: Lab, deployments: Iterable[Json]) -> Iterator[Finding]:
    """Deployments that recover slowly, or are unavailable meanwhile."""
    for deployment in deployments:
        meta, spec = deployment["metadata"], deployment["spec"]
        about = f"{meta['namespace']}/{meta['name']}"
        if _is_systems(meta["namespace"]) or not spec.get("replicas", 1):
            continue
        waits = _toleration(spec["template"].get("spec", {}).get("tolerations") or ())
        slow = waits is None or waits > lab.preset.toleration
        if waits is None:
            yield fault(
                about,
                "Its pods tolerate a lost machine without a time limit: they never move.",
                f"Add tolerationSeconds to its toleration of {UNREACHABLE}.",
            )
        elif slow:
            yield note(
                about,
                f"Kubernetes evicts its pods only {waits:g} s after it notices that their machine "
                "is gone.",
                f"For a stage: tolerationSeconds: {lab.preset.toleration:g} for {UNREACHABLE} and "
                "node.kubernetes.io/not-ready.",
            )
        if spec.get("replicas", 1) == 1:
            yield note(
                about,
                "With one replica it is unavailable while its pod moves.",
                "Run two replicas.",
            )
        elif not slow:
            yield ok(
                about,
                f"{spec['replicas']} replicas. Kubernetes evicts them {waits:g} s after it notices "
                "that their machine is gone.",
            )


def check_stateful_sets(stateful_sets: Iterable[Json], pods: Iterable[Json]) -> Iterator[Finding]:
    """StatefulSets, whose pods wait for their machine, and those with all pods on one machine."""
    nodes_of: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for pod in pods:
        owner = _owner(pod)
        if owner.get("kind") == "StatefulSet" and pod["spec"].get("nodeName"):
            nodes_of[pod["metadata"]["namespace"], owner["name"]].add(pod["spec"]["nodeName"])
    for found in stateful_sets:
        meta, replicas = found["metadata"], found["spec"].get("replicas", 1)
        about = f"{meta['namespace']}/{meta['name']}"
        places = nodes_of[meta["namespace"], meta["name"]]
        if _is_systems(meta["namespace"]) or not places:
            continue
        if replicas > 1 and len(places) == 1:
            yield note(
                about,
                f"All {replicas} pods of this StatefulSet are on {next(iter(places))}: without it, "
                "none is left and none moves.",
                "Spread them: topologySpreadConstraints or pod anti-affinity by hostname.",
            )
        else:
            yield note(
                about,
                "Pods of a StatefulSet do not move; they wait until their machine is back.",
                "Nothing to fix: expect it during a cut.",
            )


def check_images(lab: Lab, nodes: Iterable[Json], pods: Iterable[Json]) -> Iterator[Finding]:
    """Images of pods that can move, and machines that would have to pull them first."""
    have = {
        node["metadata"]["name"]: {
            name
            for image in (node.get("status") or {}).get("images") or ()
            for name in image.get("names") or ()
        }
        for node in nodes
    }
    machines = {machine.node_name for machine in lab.machine}
    users: defaultdict[str, set[str]] = defaultdict(set)
    for pod in pods:
        if _owner(pod).get("kind") == "ReplicaSet":
            for container in pod["spec"].get("containers") or ():
                users[container.get("image") or ""].add(pod["metadata"]["namespace"])
    users.pop("", None)
    for image, namespaces in sorted(users.items()):
        if all(map(_is_systems, namespaces)):
            continue
        lacking = sorted(
            name
            for name in machines & set(have)
            if have[name] and not any(_is_same(image, one) for one in have[name])
        )
        if lacking:
            yield note(
                image,
                f"It is not on {', '.join(lacking)}: a pod that moves there pulls it first.",
                "Run a pod with it there once, or import it and set imagePullPolicy: IfNotPresent.",
            )


def check_spread(lab: Lab, pods: Iterable[Json]) -> Iterator[Finding]:
    """Machines without a pod that can move, while others have such pods."""
    movable: Counter[str] = Counter()
    for found in map(decoders.pod, pods):
        moves = found.owner is not None and found.owner.kind == "ReplicaSet"
        if found.node and moves and not found.deleting and found.toleration is not None:
            movable[found.node] += found.namespace != "kube-system"
    where = ", ".join(
        f"{machine.name} ({movable[machine.node_name]})"
        for machine in lab.machine
        if movable[machine.node_name]
    )
    for machine in lab.machine:
        if where and not movable[machine.node_name]:
            yield note(
                machine.name,
                "It has no pod that can move, so a cut would show no recovery. Pods that can move "
                f"are on {where}.",
                "To spread them: kubectl rollout restart deployment, in the pods' namespace.",
            )


OFF = 1.0
"""Seconds by which a clock may differ without a finding."""


def silent(nodes: Iterable[Json]) -> set[str]:
    """The names of nodes that are not Ready."""
    return {node["metadata"]["name"] for node in nodes if not _is_ready(node)}


def check_clocks(
    leases: Iterable[tuple[str, float, float]], silent: Collection[str], now: float
) -> Iterator[Finding]:
    """Kubelets whose clock differs from ours, or one clock that differs from all.

    Args:
        leases: node, the time of its kubelet's last stamp, and seconds between two stamps.
        silent: nodes that are not Ready: the age of their stamp says nothing about their clock.
        now: our clock, seconds since 1970.
    """
    off: dict[str, float] = {}
    counted = 0
    for node, renewed, interval in leases:
        if not renewed or node in silent:
            continue
        counted += 1
        ahead, behind = renewed - now, now - renewed - 2 * interval
        if ahead > OFF:
            off[node] = ahead
        elif behind > OFF:
            off[node] = -behind
    if len(off) == counted > 1 and max(off.values()) - min(off.values()) < min(
        map(abs, off.values())
    ):
        median = sorted(off.values())[counted // 2]
        yield note(
            "clock",
            f"This machine's clock is {_apart(-median)} all nodes' clocks.",
            "Synchronize it with a time server (timedatectl). Quiet hours and records use it.",
        )
        return
    for node, seconds in off.items():
        yield note(node, f"Its clock is {_apart(seconds)} this machine's.", _SAME_TIME)


_SAME_TIME = (
    "Synchronize both with one time server: Kubernetes treats a machine whose clock is behind as "
    "lost. Recovery times use only this server's clock."
)


def _apart(seconds: float) -> str:
    return f"{abs(seconds):.1f} s " + ("ahead of" if seconds > 0 else "behind")


def _toleration(tolerations: Collection[Json]) -> float | None:
    """Seconds that pods of a template stay on an unreachable node; None is without limit.

    The admission plugin DefaultTolerationSeconds gives a pod the default one unless a toleration
    has the taint's key and effect, whatever its operator and value say.
    """
    named = any(
        one.get("key") in (UNREACHABLE, None, "") and one.get("effect") in ("NoExecute", None, "")
        for one in tolerations
    )
    return decoders.toleration(tolerations) if named else DEFAULT_TOLERATION


def _owner(pod: Json) -> Json:
    return next(iter(pod["metadata"].get("ownerReferences") or ()), {})


def _is_control_plane(node: Json) -> bool:
    return any(label in CONTROL_PLANE for label in node["metadata"].get("labels") or {})


def _is_ready(node: Json) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def _is_systems(namespace: str) -> bool:
    return namespace.startswith("kube-")


def _is_same(image: str, known: str) -> bool:
    """Whether a node's image name is that of a pod's image: runtimes report the full name."""
    wanted = image if ":" in image.rpartition("/")[2] or "@" in image else f"{image}:latest"
    return known == wanted or known.endswith(f"/{wanted}")
