"""Follows the pods that were on a lost machine: pure steps of the tracker's fold."""

from __future__ import annotations

from dataclasses import replace

from chaosmonkey.model import Displaced, Fate, Occurrence, Outage, Pod, Successor
from chaosmonkey.outage.cluster_state import FINISHED, ClusterState
from chaosmonkey.outage.lineage import WorkloadKey

SURE = frozenset({"Deployment", "ReplicaSet", "ReplicationController"})
"""Kinds of controllers that replace an evicted pod at once. Others are observed: a Job may wait
(`podReplacementPolicy: Failed`), an operator may create a pod only under its old name."""

KEEPS_RUNNING = SURE | {"StatefulSet", "DaemonSet"}
"""Kinds whose pods never complete on their own: one that succeeded was stopped on purpose."""

SHOWS_WITHIN = 5.0
"""Seconds after an eviction within which a controller that replaces at once has done so: recorded
ones take 0.05 s; kube-controller-manager batches a Job's changes for 1 s."""


def displace(node: str, world: ClusterState) -> tuple[Displaced, ...]:
    """The pods of a machine at the moment it is lost, whatever their phase.

    Pods that were already being deleted do not count: something else displaced them.
    """
    found = []
    for pod in world.pods_on(node):
        if pod.deleting:
            continue
        workload = world.workload_of(pod)
        found.append(
            Displaced(
                uid=pod.uid,
                namespace=pod.namespace,
                name=pod.name,
                workload="" if workload is None else f"{workload[1]}/{workload[2]}",
                lineage=world.lineages.of(pod.uid),
                fate=_fate(pod),
                restarts=pod.restarts,
                toleration=pod.toleration,
                disturbed=not pod.ready,
            )
        )
    return tuple(sorted(found, key=lambda pod: (pod.namespace, pod.name)))


def _fate(pod: Pod) -> Fate:
    match pod.owner.kind if pod.owner is not None else None:
        case None:
            return Fate.LOST
        case "DaemonSet" | "Node":
            return Fate.STAYS
        case "StatefulSet":
            return Fate.WAITS
        case _ if pod.toleration is None:
            return Fate.WAITS
        case _:
            return Fate.MOVES


def follow_pod(outage: Outage, *, pod: Pod, at: float, world: ClusterState) -> Outage:
    """Fold in a pod's state: it may be a displaced pod or the successor of one."""
    lineage = world.lineages.of(pod.uid)
    return replace(
        outage,
        displaced=tuple(
            _seen_again(displaced, outage, pod, at)
            if displaced.uid == pod.uid
            else _succeeded(displaced, outage, pod, at)
            if displaced.lineage == lineage
            else displaced
            for displaced in outage.displaced
        ),
    )


def _seen_again(displaced: Displaced, outage: Outage, pod: Pod, at: float) -> Displaced:
    """Update the displaced pod itself. A Terminating pod counts as gone, even while it is Ready.

    Once the recovery is complete, changes of a pod that had come back are not part of the outage.
    """
    if _is_over(displaced, outage):
        return displaced
    if _has_done_its_work(pod, displaced):
        return replace(displaced, finished=displaced.finished or at)
    if pod.deleting:
        return replace(displaced, evicted=displaced.evicted or at, returned=None)
    if pod.phase == "Failed":
        evicted, gone = displaced.evicted or at, displaced.gone or at
        return replace(displaced, evicted=evicted, gone=gone, returned=None)
    if not pod.ready:
        return replace(displaced, disturbed=True, returned=None)
    # While its machine is away, a pod may still be marked Ready. It is back only once its kubelet
    # has contact again and reports it Ready.
    reported_again = outage.not_ready is not None or outage.restored is not None
    restarted = displaced.disturbed or pod.restarts > displaced.restarts
    if reported_again and restarted:
        return replace(displaced, returned=displaced.returned or at)
    return displaced


def _has_done_its_work(pod: Pod, displaced: Displaced) -> bool:
    return pod.phase == "Succeeded" and displaced.kind not in KEEPS_RUNNING


def _succeeded(displaced: Displaced, outage: Outage, pod: Pod, at: float) -> Displaced:
    """Update a displaced pod from one of its lineage: its successor, or the successor's."""
    current = displaced.successor
    if displaced.evicted is None and displaced.gone is None:
        return displaced
    if _is_over(displaced, outage):
        return displaced
    if displaced.finished is not None:
        return displaced
    done = _has_done_its_work(pod, displaced)
    if (pod.deleting or pod.phase in FINISHED) and not done:
        lost = current is not None and current.uid == pod.uid and outage.recovered is None
        return replace(displaced, successor=None) if lost else displaced
    if current is None or current.uid != pod.uid:
        if current is not None and outage.recovered is not None:
            return displaced
        current = Successor(uid=pod.uid, name=pod.name, created=at)
        if displaced.gone is None and outage.recovered is None:
            displaced = replace(displaced, fate=Fate.MOVES)
    if current.ready is not None and (pod.ready or done or outage.recovered is not None):
        return replace(displaced, successor=current)
    return replace(
        displaced,
        unneeded=None,
        successor=replace(
            current,
            node=pod.node,
            scheduled=current.scheduled or (at if pod.node is not None else None),
            ready=at if pod.ready or done else None,
            waiting="" if pod.ready or done else pod.unschedulable or pod.reason,
        ),
    )


def note_warning(outage: Outage, *, warning: Occurrence) -> Outage:
    """Fold in a warning about a pod: it may be a successor that does not become Ready.

    FailedScheduling is ignored: the pod's own status says so, and is cleared once it has a machine.
    """
    if warning.type != "Warning" or warning.reason == "FailedScheduling":
        return outage
    return replace(outage, displaced=tuple(_warned(one, warning) for one in outage.displaced))


def _warned(displaced: Displaced, warning: Occurrence) -> Displaced:
    successor = displaced.successor
    if successor is None or successor.uid != warning.about_uid or successor.ready is not None:
        return displaced
    message = f"{warning.reason}: {warning.message}"
    return replace(displaced, successor=replace(successor, warned=message))


def forget_pod(outage: Outage, *, pod: Pod, at: float) -> Outage:
    """Fold in the deletion of a pod object."""
    return replace(
        outage, displaced=tuple(_forgotten(one, outage, pod, at) for one in outage.displaced)
    )


def _is_over(displaced: Displaced, outage: Outage) -> bool:
    """Whether a pod was back, or no longer needed, when the outage had recovered."""
    settled = any(
        moment is not None
        for moment in (displaced.finished, displaced.returned, displaced.unneeded)
    )
    return settled and outage.recovered is not None


def _forgotten(displaced: Displaced, outage: Outage, pod: Pod, at: float) -> Displaced:
    if displaced.uid == pod.uid and displaced.evicted is None and _is_over(displaced, outage):
        return displaced
    if displaced.uid == pod.uid:
        return replace(displaced, evicted=displaced.evicted or at, gone=displaced.gone or at)
    successor = displaced.successor
    done = pod.phase == "Succeeded" and successor is not None and successor.ready is not None
    if successor is not None and successor.uid == pod.uid and outage.recovered is None and not done:
        return replace(displaced, successor=None)
    return displaced


def mark_waiting(outage: Outage, *, at: float) -> Outage:
    """Mark pods as waiting that were evicted and not replaced at once: they need the old one gone.

    Controllers of a SURE kind never wait for that; they are only slow, or refused.
    """

    def waits(pod: Displaced) -> bool:
        evicted_long_ago = pod.evicted is not None and at - pod.evicted > SHOWS_WITHIN
        unreplaced = pod.successor is None and pod.resolved is None and pod.gone is None
        return pod.fate is Fate.MOVES and pod.kind not in SURE and evicted_long_ago and unreplaced

    if not any(map(waits, outage.displaced)):
        return outage
    return replace(
        outage,
        displaced=tuple(
            replace(pod, fate=Fate.WAITS) if waits(pod) else pod for pod in outage.displaced
        ),
    )


def never_replaced(pod: Displaced) -> bool:
    """Whether a controller that creates successors only when needed has created none."""
    unsure = pod.kind not in KEEPS_RUNNING
    return unsure and pod.gone is not None and pod.successor is None


def release_unneeded(outage: Outage, *, at: float, world: ClusterState) -> Outage:
    """Mark evicted pods as unneeded whose workload has all the Ready pods it wants elsewhere.

    Pods of the lost machine do not count as Ready, whatever their status.
    """
    unsure = [
        pod
        for pod in outage.displaced
        if _may_be_unneeded(pod) and (pod.unneeded is None or outage.recovered is None)
    ]
    if not unsure:
        return outage
    lost = {pod.uid for pod in outage.displaced if pod.returned is None}
    workloads = {_workload_of(pod) for pod in unsure}
    complete = {key for key in workloads if world.has_all(key, without=lost)}
    judged = {}
    for pod in unsure:
        since = (pod.unneeded or at) if _workload_of(pod) in complete else None
        judged[pod.uid] = replace(pod, unneeded=since)
    return replace(outage, displaced=tuple(judged.get(pod.uid, pod) for pod in outage.displaced))


def _may_be_unneeded(pod: Displaced) -> bool:
    given_up = pod.evicted is not None and pod.returned is None and pod.finished is None
    return given_up and pod.successor is None and pod.fate in (Fate.MOVES, Fate.WAITS)


def _workload_of(pod: Displaced) -> WorkloadKey:
    kind, _, name = pod.workload.partition("/")
    return pod.namespace, kind, name
