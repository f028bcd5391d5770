"""Pod garbage collection: deletes pods that no kubelet will ever delete.

    every 20 s: ─► the oldest finished pods above the threshold
                ─► terminating pods on an unready node tainted out-of-service
                ─► pods of a node that has been gone for 40 s
                ─► terminating pods that were never bound

A pod that has not finished becomes Failed before it is deleted: no kubelet can report that.
"""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.resources import NODES, PODS
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import Controller, is_finished, is_terminating
from chaosmonkey.simcluster.node.nodestatus import condition
from chaosmonkey.simcluster.timestamps import stamp

OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
CHECK_PERIOD = 20.0
"""Seconds between two passes (gcCheckPeriod)."""
QUARANTINE = 40.0
"""Seconds for which a node must be missing before its pods are deleted (quarantineTime)."""
TERMINATED_THRESHOLD = 12_500
"""How many finished pods may stay: kube-controller-manager --terminated-pod-gc-threshold."""

_PASS: Key = ("", "pass")


class PodGarbage(Controller):
    """Deletes pods that are finished, orphaned or stuck.

    Args:
        context: the world.
        threshold: how many finished pods may stay.
    """

    def __init__(self, context: SimContext, threshold: int = TERMINATED_THRESHOLD) -> None:
        super().__init__(context)
        self._threshold = threshold
        self._quarantine: dict[str, float] = {}
        self.wake(_PASS, 0.0)

    def sync(self, key: Key) -> None:
        """One pass over all pods; book the next."""
        self.wake(key, CHECK_PERIOD)
        store = self.context.store
        pods = store.all(PODS)
        finished = sorted(filter(is_finished, pods), key=_evicted_then_oldest)
        for pod in finished[: max(0, len(finished) - self._threshold)]:
            self._delete(pod)
        for pod in sorted(filter(is_terminating, pods), key=_evicted_then_oldest):
            node = store.find(NODES, "", pod["spec"].get("nodeName", ""))
            if node is not None and _is_out_of_service(node):
                self._delete(pod)
        self._delete_orphans(pods)
        for pod in pods:
            if is_terminating(pod) and not pod["spec"].get("nodeName"):
                self._delete(pod)

    def _delete_orphans(self, pods: list[Obj]) -> None:
        """Delete the pods of nodes that do not exist, once they left quarantine."""
        now = self.context.timeline.now
        there = {node["metadata"]["name"] for node in self.context.store.all(NODES)}
        missing = {pod["spec"].get("nodeName", "") for pod in pods} - there - {""}
        for name in missing:
            self._quarantine.setdefault(name, now + QUARANTINE)
        over = {name for name, until in self._quarantine.items() if until <= now}
        for name in over:
            del self._quarantine[name]
        for pod in pods:
            if pod["spec"].get("nodeName") in over - there:
                self._delete(pod, orphan=True)

    def _delete(self, pod: Obj, *, orphan: bool = False) -> None:
        """Mark a pod Failed unless it has finished, and delete it without grace."""
        now = stamp(self.context.timeline.now)
        target = {
            "type": "DisruptionTarget",
            "observedGeneration": pod["metadata"].get("generation", 1),
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": now,
            "reason": "DeletionByPodGC",
            "message": "PodGC: node no longer exists",
        }

        def fail(found: Obj) -> None:
            status = found.setdefault("status", {})
            status["phase"] = "Failed"
            if orphan:
                old = [c for c in status.get("conditions", []) if c["type"] != "DisruptionTarget"]
                status["conditions"] = [*old, target]

        store, key, uid = self.context.store, key_of(pod), pod["metadata"]["uid"]
        found = store.find(PODS, *key)
        if found is None or found["metadata"]["uid"] != uid:
            return
        if not is_finished(found):
            store.edit(PODS, key, fail, uid=uid)
        store.delete(PODS, key, grace=0)


def _is_out_of_service(node: Obj) -> bool:
    """Whether an administrator marked an unready node as off for good."""
    tainted = any(t.get("key") == OUT_OF_SERVICE for t in node["spec"].get("taints", ()))
    return tainted and condition(node, "Ready").get("status") != "True"


def _evicted_then_oldest(pod: Obj) -> tuple[bool, str, str]:
    """Sort key of deletions: evicted pods first, then the oldest, then by name."""
    status, meta = pod.get("status", {}), pod["metadata"]
    evicted = status.get("phase") == "Failed" and status.get("reason") == "Evicted"
    return not evicted, meta["creationTimestamp"], meta["name"]
