"""StatefulSets: one pod for each ordinal, and never two with the same ordinal.

A terminating pod keeps its ordinal until it is gone. That is why a StatefulSet waits for its
machine after a power cut: without the kubelet, there is no proof that the pod stopped.
"""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.admission import Admission
from chaosmonkey.simcluster.apiserver.resources import PODS, STATEFUL_SETS
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import (
    Controller,
    Workloads,
    is_finished,
    is_ready,
    is_terminating,
)
from chaosmonkey.simcluster.controllers.rollout import template_hash

_REVISION = "controller-revision-hash"


class StatefulSets(Controller):
    """Creates and deletes the ordinal pods of StatefulSets."""

    def __init__(self, context: SimContext, admission: Admission) -> None:
        super().__init__(context)
        self._workloads = Workloads(context, admission, "statefulset-controller")
        self.watch(STATEFUL_SETS)
        self.watch_pods_of("StatefulSet")

    def sync(self, key: Key) -> None:
        """Bring one StatefulSet to its number of replicas, in order unless it is Parallel."""
        owner = self.context.store.find(STATEFUL_SETS, *key)
        if owner is None or is_terminating(owner):
            return
        name = owner["metadata"]["name"]
        revision = f"{name}-{template_hash(owner['spec']['template'])}"
        pods = {p["metadata"]["name"]: p for p in self._workloads.pods_of(owner)}
        known = dict(pods)
        wanted = [f"{name}-{number}" for number in range(owner["spec"]["replicas"])]
        parallel = owner["spec"]["podManagementPolicy"] == "Parallel"
        for number, pod_name in enumerate(wanted):
            pod = pods.get(pod_name)
            if pod is None:
                pod = self._create(owner, pod_name, number, revision)
                if pod is None:
                    continue
                pods[pod_name] = pod
            elif is_finished(pod) and not is_terminating(pod):
                self._workloads.delete(pod)
            if not parallel and not (is_ready(pod) and not is_terminating(pod)):
                break
        else:
            self._scale_down(owner, pods, wanted, revision)
        self._post(owner, known, revision)

    def _create(self, owner: Obj, pod_name: str, number: int, revision: str) -> Obj | None:
        namespace, name = key_of(owner)
        if self.context.store.find(PODS, namespace, pod_name) is not None:
            return None
        labels = {
            "apps.kubernetes.io/pod-index": str(number),
            _REVISION: revision,
            "statefulset.kubernetes.io/pod-name": pod_name,
        }
        spec = {"hostname": pod_name, "subdomain": owner["spec"]["serviceName"]}
        pod = self._workloads.create(owner, labels, name=pod_name, spec=spec)
        text = f"Create Pod {pod_name} in StatefulSet {name} successful"
        self._workloads.record_event(owner, "SuccessfulCreate", text)
        return pod

    def _scale_down(
        self, owner: Obj, pods: dict[str, Obj], wanted: list[str], revision: str
    ) -> None:
        """Delete surplus pods, then pods of an old revision, one at a time."""
        surplus = [pod for name, pod in pods.items() if name not in wanted]
        old = [pod for pod in pods.values() if pod["metadata"]["labels"][_REVISION] != revision]
        if any(is_terminating(pod) for pod in pods.values()) or not (surplus or old):
            return
        whole = all(is_ready(pod) for pod in pods.values())
        pod = max(surplus or old, key=_number)
        if surplus or whole or not is_ready(pod):
            self._workloads.delete(pod)
            text = (
                f"Delete Pod {pod['metadata']['name']} in StatefulSet {key_of(owner)[1]} successful"
            )
            self._workloads.record_event(owner, "SuccessfulDelete", text)

    def _post(self, owner: Obj, pods: dict[str, Obj], revision: str) -> None:
        there = list(pods.values())
        ready = sum(is_ready(pod) for pod in there)
        staying = [pod for pod in there if not is_terminating(pod)]
        updated = sum(pod["metadata"]["labels"][_REVISION] == revision for pod in staying)
        before = owner.get("status", {})
        done = updated == len(staying) == owner["spec"]["replicas"]
        current = revision if done else before.get("currentRevision", revision)
        status: Obj = {
            "observedGeneration": owner["metadata"]["generation"],
            "replicas": len(there),
        }
        counts = {
            "readyReplicas": ready,
            "currentReplicas": sum(
                pod["metadata"]["labels"][_REVISION] == current for pod in staying
            ),
            "updatedReplicas": updated,
        }
        status |= {field: count for field, count in counts.items() if count}
        status |= {
            "currentRevision": current,
            "updateRevision": revision,
            "collisionCount": 0,
            "availableReplicas": ready,
        }

        def post(owner: Obj) -> None:
            owner["status"] = status

        self.context.store.edit(STATEFUL_SETS, key_of(owner), post)


def _number(pod: Obj) -> int:
    return int(pod["metadata"]["name"].rpartition("-")[2])
