"""ReplicaSets: keep the desired number of active pods; terminating pods do not count."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.admission import Admission
from chaosmonkey.simcluster.apiserver.resources import REPLICA_SETS
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import (
    Controller,
    Workloads,
    is_active,
    is_finished,
    is_ready,
    is_terminating,
)
from chaosmonkey.simcluster.timestamps import moment

_BURST = 500


class ReplicaSets(Controller):
    """Creates and deletes the pods of ReplicaSets."""

    def __init__(self, context: SimContext, admission: Admission) -> None:
        super().__init__(context)
        self._workloads = Workloads(context, admission, "replicaset-controller")
        self.watch(REPLICA_SETS)
        self.watch_pods_of("ReplicaSet")

    def sync(self, key: Key) -> None:
        """Bring one ReplicaSet to its number of replicas."""
        owner = self.context.store.find(REPLICA_SETS, *key)
        if owner is None or is_terminating(owner):
            return
        pods = self._workloads.pods_of(owner)
        active = [pod for pod in pods if is_active(pod)]
        missing = owner["spec"]["replicas"] - len(active)
        for _ in range(min(missing, _BURST)):
            pod = self._workloads.create(owner, {})
            text = f"Created pod: {pod['metadata']['name']}"
            self._workloads.record_event(owner, "SuccessfulCreate", text)
        surplus = sorted(active, key=_dispensable)[:-missing] if missing < 0 else []
        for pod in surplus:
            self._workloads.delete(pod)
            text = f"Deleted pod: {pod['metadata']['name']}"
            self._workloads.record_event(owner, "SuccessfulDelete", text)
        self._post(owner, pods, active)

    def _post(self, owner: Obj, pods: list[Obj], active: list[Obj]) -> None:
        ready = sum(is_ready(pod) for pod in active)
        terminating = sum(is_terminating(pod) and not is_finished(pod) for pod in pods)
        status = {"replicas": len(active), "fullyLabeledReplicas": len(active)}
        if ready:
            status |= {"readyReplicas": ready, "availableReplicas": ready}
        status |= {
            "terminatingReplicas": terminating,
            "observedGeneration": owner["metadata"]["generation"],
        }

        def post(owner: Obj) -> None:
            owner["status"] = status

        self.context.store.edit(REPLICA_SETS, key_of(owner), post)


def _dispensable(pod: Obj) -> tuple[bool, bool, bool, float]:
    """Sort key for deletion: unbound first, then Pending, then unready, then the youngest."""
    phase = pod["status"].get("phase")
    age = moment(pod["metadata"]["creationTimestamp"])
    return bool(pod["spec"].get("nodeName")), phase != "Pending", is_ready(pod), -age
