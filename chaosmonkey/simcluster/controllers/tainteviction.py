"""Taint eviction: evicts a pod from a node tainted NoExecute when its toleration expires.

taint seen ─► the shortest of the pod's tolerations ─► marked DisruptionTarget ─► deleted
     └──────── taint removed before ─► "Cancelling deletion"
"""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.resources import NODES, PODS
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import Controller
from chaosmonkey.simcluster.events import Source
from chaosmonkey.simcluster.node.pod_workers import node_of
from chaosmonkey.simcluster.timeline import Booking
from chaosmonkey.simcluster.timestamps import stamp
from chaosmonkey.simcluster.tolerations import tolerates

_SOURCE = Source("taint-eviction-controller")
_FOREVER = float("inf")


class TaintEviction(Controller):
    """Keeps a timer for every pod that will be evicted."""

    def __init__(self, context: SimContext) -> None:
        super().__init__(context)
        self._timers: dict[Key, tuple[str, float, Booking]] = {}
        self._tainted: set[str] = set()
        self._pods = context.store.index(PODS, "node", node_of)
        self.watch(NODES)
        self.follow(PODS, self._pod_changed)

    def sync(self, key: Key) -> None:
        """Start or cancel the timers of a node's pods."""
        node = self.context.store.find(NODES, *key)
        taints = _no_execute(node) if node else []
        if not taints and key[1] not in self._tainted:
            return
        if taints:
            self._tainted.add(key[1])
        else:
            self._tainted.discard(key[1])
        for pod in self._pods.find(key[1]):
            self._update_timer(pod, taints)

    def _pod_changed(self, change: Change) -> None:
        pod = change.object
        if change.what == "DELETED":
            self._cancel(change.key, pod)
            return
        bound = pod["spec"].get("nodeName")
        if bound in self._tainted and change.key not in self._timers:
            newly = change.before is None or "nodeName" not in change.before["spec"]
            if newly:
                node = self.context.store.find(NODES, "", bound)
                self._update_timer(pod, _no_execute(node) if node else [])

    def _update_timer(self, pod: Obj, taints: list[Obj]) -> None:
        key = key_of(pod)
        if not taints:
            self._cancel(key, pod)
            return
        seconds = _tolerated_seconds(pod, taints)
        now = self.context.timeline.now
        if seconds == _FOREVER:
            self._cancel(key, pod)
            return
        known = self._timers.get(key)
        began = known[1] if known else now
        if known:
            if began + seconds >= known[2].when:
                return
            known[2].cancel()
        uid = pod["metadata"]["uid"]
        lag = self.context.timeline.draw(self.context.timing.lag)
        booking = self.context.timeline.at(began + seconds + lag, lambda: self._evict(key, uid))
        self._timers[key] = uid, began, booking

    def _cancel(self, key: Key, pod: Obj) -> None:
        timer = self._timers.pop(key, None)
        if timer is None:
            return
        timer[2].cancel()
        text = f"Cancelling deletion of Pod {key[0]}/{key[1]}"
        self.context.events.record(pod, "TaintManagerEviction", text, source=_SOURCE)

    def _evict(self, key: Key, uid: str) -> None:
        """Evict a pod whose toleration expired."""
        self._timers.pop(key, None)
        pod = self.context.store.find(PODS, *key)
        if pod is None or pod["metadata"]["uid"] != uid:
            return
        if not self.context.answering:
            booking = self.context.timeline.after(0.5, lambda: self._evict(key, uid))
            self._timers[key] = uid, self.context.timeline.now, booking
            return
        text = f"Marking for deletion Pod {key[0]}/{key[1]}"
        self.context.events.record(pod, "TaintManagerEviction", text, source=_SOURCE)
        now = stamp(self.context.timeline.now)

        def mark(pod: Obj) -> None:
            status = pod["status"]
            kept = [c for c in status.get("conditions", []) if c["type"] != "DisruptionTarget"]
            target = {
                "type": "DisruptionTarget",
                "observedGeneration": pod["metadata"].get("generation", 1),
                "status": "True",
                "lastProbeTime": None,
                "lastTransitionTime": now,
                "reason": "DeletionByTaintManager",
                "message": "Taint manager: deleting due to NoExecute taint",
            }
            status["conditions"] = [*kept, target]

        def delete() -> None:
            found = self.context.store.find(PODS, *key)
            if found is not None and found["metadata"]["uid"] == uid:
                self.context.store.delete(PODS, key)

        if "deletionTimestamp" not in pod["metadata"]:
            self.context.store.edit(PODS, key, mark, uid=uid)
        self.context.timeline.within(self.context.timing.lag, delete)


def _no_execute(node: Obj) -> list[Obj]:
    return [t for t in node["spec"].get("taints", ()) if t["effect"] == "NoExecute"]


def _tolerated_seconds(pod: Obj, taints: list[Obj]) -> float:
    """For how many seconds a pod tolerates the taints; 0 is not at all."""
    seconds: list[float] = []
    for taint in taints:
        used = [t for t in pod["spec"].get("tolerations", ()) if tolerates(t, taint)]
        if not used:
            return 0.0
        seconds += [max(0, t["tolerationSeconds"]) for t in used if "tolerationSeconds" in t]
    return min(seconds, default=_FOREVER)
