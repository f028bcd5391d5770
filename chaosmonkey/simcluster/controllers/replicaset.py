"""ReplicaSets: keep the desired number of active pods; terminating pods do not count."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.admission import Admission
from chaosmonkey.simcluster.apiserver.resources import PODS, REPLICA_SETS
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.adoption import Adoption
from chaosmonkey.simcluster.controllers.base import (
    Controller,
    Workloads,
    is_active,
    is_finished,
    is_ready,
    is_terminating,
    owned_index,
    owner_of,
)
from chaosmonkey.simcluster.controllers.scaledown import deletion_order, ready_since

_BURST = 500


class ReplicaSets(Controller):
    """Creates and deletes the pods of ReplicaSets."""

    def __init__(self, context: SimContext, admission: Admission) -> None:
        super().__init__(context)
        self._workloads = Workloads(context, admission, "replicaset-controller")
        self._sets = owned_index(context, REPLICA_SETS)
        self._adoption = Adoption(context, PODS)
        self.watch(REPLICA_SETS)
        self.watch_pods_of("ReplicaSet")

    def sync(self, key: Key) -> None:
        """Bring one ReplicaSet to its number of replicas."""
        owner = self.context.store.find(REPLICA_SETS, *key)
        if owner is None or is_terminating(owner):
            return
        self._adoption.adopt(owner)
        pods = self._workloads.pods_of(owner)
        active = [pod for pod in pods if is_active(pod)]
        missing = owner["spec"]["replicas"] - len(active)
        for _ in range(min(missing, _BURST)):
            pod = self._workloads.create(owner, {})
            text = f"Created pod: {pod['metadata']['name']}"
            self._workloads.record_event(owner, "SuccessfulCreate", text)
        surplus = self._surplus(owner, active)[:-missing] if missing < 0 else []
        for pod in surplus:
            self._workloads.delete(pod)
            text = f"Deleted pod: {pod['metadata']['name']}"
            self._workloads.record_event(owner, "SuccessfulDelete", text)
        self._post(owner, pods, active)

    def _surplus(self, owner: Obj, active: list[Obj]) -> list[Obj]:
        """The active pods in the order in which they are deleted."""
        above = owner_of(owner)
        sets = self._sets.find(above["uid"]) if above else [owner]
        related = [p for s in sets for p in self._workloads.pods_of(s) if is_active(p)]
        return deletion_order(active, related, self.context.timeline.now)

    def _post(self, owner: Obj, pods: list[Obj], active: list[Obj]) -> None:
        ready = [pod for pod in active if is_ready(pod)]
        available = len(ready) - self._wait_for_availability(owner, ready)
        terminating = sum(is_terminating(pod) and not is_finished(pod) for pod in pods)
        status = {"replicas": len(active), "fullyLabeledReplicas": len(active)}
        counts = {"readyReplicas": len(ready), "availableReplicas": available}
        status |= {field: count for field, count in counts.items() if count}
        status |= {
            "terminatingReplicas": terminating,
            "observedGeneration": owner["metadata"]["generation"],
        }

        def post(owner: Obj) -> None:
            owner["status"] = status

        self.context.store.edit(REPLICA_SETS, key_of(owner), post)

    def _wait_for_availability(self, owner: Obj, ready: list[Obj]) -> int:
        """How many ready pods are not available yet (minReadySeconds); come back when one is."""
        patience, now = owner["spec"].get("minReadySeconds", 0), self.context.timeline.now
        if not patience:
            return 0
        since = [ready_since(pod) for pod in ready]
        waits = [left for at in since if at and (left := at + patience - now) > 0]
        if waits:
            self.wake(key_of(owner), min(waits) + 0.001)
        return len(waits) + since.count(0.0)
