"""Which pod replaces which: pods that do the same job one after another share a lineage.

A pod that is marked for deletion, or gone, leaves a vacancy at its controller. The next pod that
the controller creates fills the oldest vacancy: first lost, first replaced. A pod with the name of
a lost one fills that one's vacancy; a StatefulSet's pod fills no other. A pod without a vacancy to
fill begins a lineage, named after its uid.

A rolling update creates new pods before it deletes old ones, and a scale-down creates none: their
vacancies are never filled. A controller has no more real vacancies than pods missing from the
number it wants; of the others, the oldest are forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from chaosmonkey.model import Pod

WorkloadKey = tuple[str, str, str]
"""Namespace, kind and name of a pod's top controller."""


class Lineages:
    """Assigns lineages to pods in the order in which they are seen."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}
        self._workloads: dict[str, WorkloadKey] = {}
        self._living: defaultdict[WorkloadKey, set[str]] = defaultdict(set)
        self._vacancies: defaultdict[WorkloadKey, list[Pod]] = defaultdict(list)

    def of(self, uid: str) -> str:
        """The lineage of a pod; its own uid if it never replaced a pod."""
        return self._of.get(uid, uid)

    def living(self, workload: WorkloadKey) -> Collection[str]:
        """The uids of a controller's pods that are neither marked for deletion nor finished."""
        return self._living.get(workload, ())

    def see(self, pod: Pod, workload: WorkloadKey | None, desired: int | None = None) -> None:
        """Note that a pod exists. When first seen, it may fill a vacancy.

        Args:
            pod: as it is now.
            workload: its top controller; None for a bare pod.
            desired: how many pods that controller wants, if known.
        """
        if pod.uid in self._of:
            return
        predecessor = None
        if workload is not None:
            self._forget_unreal(workload, desired)
            predecessor = self._take(pod, workload)
            self._workloads[pod.uid] = workload
            self._living[workload].add(pod.uid)
        self._of[pod.uid] = self._of[predecessor.uid] if predecessor is not None else pod.uid

    def lose(self, pod: Pod) -> None:
        """Note that a pod is marked for deletion or gone, so that the next may fill its place."""
        workload = self._workloads.pop(pod.uid, None)
        if workload is not None:
            self._living[workload].discard(pod.uid)
            self._vacancies[workload].append(pod)

    def finish(self, pod: Pod) -> None:
        """Note that a pod ran to completion: its place stays empty."""
        workload = self._workloads.pop(pod.uid, None)
        if workload is not None:
            self._living[workload].discard(pod.uid)

    def _forget_unreal(self, workload: WorkloadKey, desired: int | None) -> None:
        if desired is not None:
            missing = max(0, desired - len(self._living[workload]))
            vacancies = self._vacancies[workload]
            del vacancies[: max(0, len(vacancies) - missing)]

    def _take(self, pod: Pod, workload: WorkloadKey) -> Pod | None:
        vacancies = self._vacancies[workload]
        namesakes = [lost for lost in vacancies if lost.name == pod.name]
        by_name = namesakes or workload[1] == "StatefulSet"
        for lost in namesakes if by_name else list(vacancies):
            if lost.created <= pod.created:
                vacancies.remove(lost)
                return lost
        return None
