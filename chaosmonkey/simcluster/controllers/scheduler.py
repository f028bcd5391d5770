"""The scheduler: binds each pending pod to a node, or records why none fits.

A node fits if the pod tolerates its taints, the pod's selectors match and it has enough resources.
Among those, the node with the fewest pods of the same workload wins, then the one with the fewest
pods, then a random one. This spreads a workload evenly, like the default profile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chaosmonkey.simcluster.apiserver.resources import NODES, PODS
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import Controller, is_finished, owner_of
from chaosmonkey.simcluster.node.pod_workers import node_of
from chaosmonkey.simcluster.quantities import ResourceAmounts, allocatable_of, requests_of
from chaosmonkey.simcluster.timestamps import stamp
from chaosmonkey.simcluster.tolerations import tolerates_all

_BLOCKING = ("NoSchedule", "NoExecute")


class Scheduler(Controller):
    """Binds pods to nodes."""

    def __init__(self, context: SimContext) -> None:
        super().__init__(context)
        self._siblings = context.store.index(PODS, "siblings", _sibling_terms)
        self._on_node = context.store.index(PODS, "node", node_of)
        self._used: dict[str, ResourceAmounts] = {}
        self._pending: set[Key] = set()
        self.follow(PODS, self._pod_changed)
        self.follow(NODES, self._node_changed)

    def _pod_changed(self, change: Change) -> None:
        pod, before = change.object, change.before
        if before is not None and _holds(before):
            self._account(before, -1)
        if change.what != "DELETED" and _holds(pod):
            self._account(pod, 1)
        if change.what == "DELETED":
            self._pending.discard(change.key)
            self._retry()
        elif not pod["spec"].get("nodeName"):
            if change.what == "ADDED":
                self.wake(change.key)
        elif is_finished(pod):
            self._retry()

    def _account(self, pod: Obj, sign: int) -> None:
        name = pod["spec"]["nodeName"]
        self._used[name] = self._used.get(name, ResourceAmounts()) + requests_of(pod) * sign

    def _node_changed(self, change: Change) -> None:
        old = change.before
        if old is None or old["spec"] != change.object["spec"]:
            self._retry()

    def _retry(self) -> None:
        for key in self._pending:
            self.wake(key)

    def sync(self, key: Key) -> None:
        """Bind one pod, or record why no node fits."""
        pod = self.context.store.find(PODS, *key)
        if pod is None or pod["spec"].get("nodeName") or "deletionTimestamp" in pod["metadata"]:
            self._pending.discard(key)
            return
        nodes = self.context.store.all(NODES)
        wanted = requests_of(pod)
        refused: Counter[str] = Counter()
        possible: list[str] = []
        for node in nodes:
            why = next(self._objections(pod, wanted, node), "")
            if why:
                refused[why] += 1
            else:
                possible.append(node["metadata"]["name"])
        if possible:
            self._pending.discard(key)
            self._bind(pod, self._best(pod, possible))
        else:
            self._pending.add(key)
            self._give_up(pod, len(nodes), refused)

    def _objections(self, pod: Obj, wanted: ResourceAmounts, node: Obj) -> Iterator[str]:
        """The reasons why a node does not fit, in kube-scheduler's words."""
        spec = pod["spec"]
        tolerations = spec.get("tolerations", ())
        if not _selected(spec, node):
            yield "node(s) didn't match Pod's node affinity/selector"
        taints = node["spec"].get("taints", ())
        for taint in taints:
            if not tolerates_all(tolerations, [taint], _BLOCKING):
                value = taint.get("value", "")
                yield f"node(s) had untolerated taint(s) {{{taint['key']}: {value}}}"
        free = allocatable_of(node) - self._used.get(node["metadata"]["name"], ResourceAmounts())
        yield from free.shortages(wanted)

    def _best(self, pod: Obj, names: list[str]) -> str:
        owner = owner_of(pod)
        uid = owner["uid"] if owner else ""
        siblings, pods = self._siblings.count, self._on_node.count
        chance = self.context.timeline.random.random
        return min(names, key=lambda n: (siblings(f"{uid}/{n}"), pods(n), chance()))

    def _bind(self, pod: Obj, node: str) -> None:
        now = stamp(self.context.timeline.now)

        def bind(pod: Obj) -> None:
            pod["spec"]["nodeName"] = node
            pod["status"]["conditions"] = [_scheduled("True", now)]

        bound = self.context.store.edit(PODS, key_of(pod), bind)
        if bound is not None:
            namespace, name = key_of(pod)
            text = f"Successfully assigned {namespace}/{name} to {node}"
            self.context.events.record_scheduling(bound, "Scheduled", text, "Normal")

    def _give_up(self, pod: Obj, total: int, refused: Counter[str]) -> None:
        reasons = ", ".join(f"{count} {why}" for why, count in sorted(refused.items()))
        text = f"0/{total} nodes are available: {reasons}."
        condition = _scheduled("False", stamp(self.context.timeline.now))
        condition |= {"reason": "Unschedulable", "message": text}
        old = pod["status"].get("conditions", [])
        if old and old[0].get("message") == text:
            return

        def wait(pod: Obj) -> None:
            pod["status"]["conditions"] = [condition]

        waiting = self.context.store.edit(PODS, key_of(pod), wait)
        if waiting is not None:
            self.context.events.record_scheduling(waiting, "FailedScheduling", text, "Warning")


def _sibling_terms(pod: Obj) -> tuple[str, ...]:
    """A pod's workload and node as an index term; none for a terminating pod."""
    owner, node = owner_of(pod), pod["spec"].get("nodeName")
    if owner is None or not node or "deletionTimestamp" in pod["metadata"]:
        return ()
    return (f"{owner['uid']}/{node}",)


def _holds(pod: Obj) -> bool:
    return bool(pod["spec"].get("nodeName")) and not is_finished(pod)


def _scheduled(status: str, now: str) -> Obj:
    return {
        "type": "PodScheduled",
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": now,
    }


def _selected(spec: Obj, node: Obj) -> bool:
    """Whether a pod's node selector and required affinity accept a node."""
    labels = node["metadata"].get("labels", {})
    if any(labels.get(k) != v for k, v in spec.get("nodeSelector", {}).items()):
        return False
    required = (
        spec.get("affinity", {})
        .get("nodeAffinity", {})
        .get("requiredDuringSchedulingIgnoredDuringExecution")
    )
    if not required:
        return True
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(
        all(_matches(rule, labels) for rule in term.get("matchExpressions", ()))
        and all(_matches(rule, fields) for rule in term.get("matchFields", ()))
        for term in required["nodeSelectorTerms"]
    )


def _matches(rule: Obj, values: dict[str, str]) -> bool:
    value = values.get(rule["key"])
    match rule["operator"]:
        case "In":
            return value in rule["values"]
        case "NotIn":
            return value not in rule["values"]
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:
            return False
