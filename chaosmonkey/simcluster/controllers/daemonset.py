"""DaemonSets: one pod on every eligible node; it tolerates a lost node without a limit.

A finished pod is replaced at once, even before it is deleted. A terminating pod that still runs is
replaced only when it is gone.
"""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.admission import (
    NOT_READY,
    UNREACHABLE,
    UNSCHEDULABLE,
    Admission,
)
from chaosmonkey.simcluster.apiserver.resources import DAEMON_SETS, NODES
from chaosmonkey.simcluster.apiserver.storage import clone, key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import (
    Controller,
    Workloads,
    is_finished,
    is_ready,
    is_terminating,
)
from chaosmonkey.simcluster.controllers.rollout import template_hash
from chaosmonkey.simcluster.tolerations import tolerates_all

_REVISION = "controller-revision-hash"
_PRESSURES = ("disk-pressure", "memory-pressure", "pid-pressure")
_TOLERATIONS = [
    {"key": NOT_READY, "operator": "Exists", "effect": "NoExecute"},
    {"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute"},
    *(
        {"key": f"node.kubernetes.io/{pressure}", "operator": "Exists", "effect": "NoSchedule"}
        for pressure in _PRESSURES
    ),
    {"key": UNSCHEDULABLE, "operator": "Exists", "effect": "NoSchedule"},
]


class DaemonSets(Controller):
    """Creates and deletes the pods of DaemonSets."""

    def __init__(self, context: SimContext, admission: Admission) -> None:
        super().__init__(context)
        self._workloads = Workloads(context, admission, "daemonset-controller")
        self.watch(DAEMON_SETS)
        self.watch_pods_of("DaemonSet")
        self.follow(NODES, self._node_changed)

    def _node_changed(self, change: Change) -> None:
        if change.before is None or change.before["spec"] != change.object["spec"]:
            for owner in self.context.store.all(DAEMON_SETS):
                self.wake(key_of(owner))

    def sync(self, key: Key) -> None:
        """Give every eligible node its pod."""
        owner = self.context.store.find(DAEMON_SETS, *key)
        if owner is None or is_terminating(owner):
            return
        revision = template_hash(owner["spec"]["template"])
        by_node: dict[str, list[Obj]] = {}
        for pod in self._workloads.pods_of(owner):
            by_node.setdefault(_target(pod), []).append(pod)
        wanted: set[str] = set()
        for node in self.context.store.all(NODES):
            name = node["metadata"]["name"]
            if self._belongs(owner, node, ("NoSchedule", "NoExecute")):
                wanted.add(name)
                self._fill(owner, name, by_node.get(name, []), revision)
            elif not self._belongs(owner, node, ("NoExecute",)):
                for pod in by_node.get(name, []):
                    self._workloads.delete(pod)
        self._roll(owner, by_node, wanted, revision)
        self._post(owner, by_node, wanted, revision)

    def _belongs(self, owner: Obj, node: Obj, effects: tuple[str, ...]) -> bool:
        spec = owner["spec"]["template"]["spec"]
        labels = node["metadata"].get("labels", {})
        if any(labels.get(k) != v for k, v in spec.get("nodeSelector", {}).items()):
            return False
        tolerations = [*spec.get("tolerations", ()), *_TOLERATIONS]
        return tolerates_all(tolerations, node["spec"].get("taints", ()), effects)

    def _fill(self, owner: Obj, node: str, pods: list[Obj], revision: str) -> None:
        for pod in pods:
            if is_finished(pod) and not is_terminating(pod):
                self._workloads.delete(pod)
        if any(not is_finished(pod) for pod in pods):
            return
        labels = {
            _REVISION: revision,
            "pod-template-generation": str(owner["metadata"]["generation"]),
        }
        field = {"key": "metadata.name", "operator": "In", "values": [node]}
        terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
        affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
        declared = owner["spec"]["template"]["spec"].get("tolerations", [])
        spec = {"affinity": affinity, "tolerations": clone([*declared, *_TOLERATIONS])}
        pod = self._workloads.create(owner, labels, spec=spec)
        text = f"Created pod: {pod['metadata']['name']}"
        self._workloads.record_event(owner, "SuccessfulCreate", text)

    def _roll(
        self, owner: Obj, by_node: dict[str, list[Obj]], wanted: set[str], revision: str
    ) -> None:
        """Replace pods of an old template, one node at a time."""
        if owner["spec"]["updateStrategy"]["type"] != "RollingUpdate":
            return
        here = [pod for name in wanted for pod in by_node.get(name, []) if not is_finished(pod)]
        if len(here) < len(wanted) or any(is_terminating(p) or not is_ready(p) for p in here):
            return
        for pod in sorted(here, key=key_of):
            if pod["metadata"]["labels"][_REVISION] != revision:
                self._workloads.delete(pod)
                text = f"Deleted pod: {pod['metadata']['name']}"
                self._workloads.record_event(owner, "SuccessfulDelete", text)
                return

    def _post(
        self, owner: Obj, by_node: dict[str, list[Obj]], wanted: set[str], revision: str
    ) -> None:
        running = {name: [p for p in pods if not is_finished(p)] for name, pods in by_node.items()}
        current = sum(1 for name in wanted if running.get(name))
        ready = sum(any(is_ready(p) for p in running.get(name, [])) for name in wanted)
        updated = sum(
            any(p["metadata"]["labels"][_REVISION] == revision for p in running.get(name, []))
            for name in wanted
        )
        status = {
            "currentNumberScheduled": current,
            "numberMisscheduled": sum(
                1 for name in running if running[name] and name not in wanted
            ),
            "desiredNumberScheduled": len(wanted),
            "numberReady": ready,
            "observedGeneration": owner["metadata"]["generation"],
        }
        missing = len(wanted) - ready
        counts = {"updatedNumberScheduled": updated, "numberAvailable": ready}
        counts["numberUnavailable"] = missing
        status |= {field: count for field, count in counts.items() if count}

        def post(owner: Obj) -> None:
            owner["status"] = status

        self.context.store.edit(DAEMON_SETS, key_of(owner), post)


def _target(pod: Obj) -> str:
    """The node that a daemon pod is for, bound or not."""
    bound = pod["spec"].get("nodeName")
    if bound:
        return str(bound)
    required = pod["spec"]["affinity"]["nodeAffinity"]
    terms = required["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    return str(terms[0]["matchFields"][0]["values"][0])
