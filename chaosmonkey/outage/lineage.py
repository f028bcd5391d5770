"""Who replaces whom: pods that do the same job one after another share a lineage.

A pod that is marked for deletion, or gone, leaves a vacancy at its controller. The next pod that
this controller makes fills the oldest vacancy: first lost, first replaced. A StatefulSet's pod
fills the vacancy of its own name. Whoever finds no vacancy begins a lineage, named by its uid.
"""

from __future__ import annotations

from collections import defaultdict

from chaosmonkey.model import Pod

WorkloadKey = tuple[str, str, str]
"""Namespace, kind and name of a pod's top controller."""

MOST_VACANCIES = 200
"""Kept for each controller; after a scale-down nobody fills them."""


class Lineages:
    """Assigns lineages to pods in the order in which they are seen."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}
        self._vacancies: defaultdict[WorkloadKey, list[Pod]] = defaultdict(list)

    def of(self, uid: str) -> str:
        """The lineage of a pod; its own uid if it never replaced anybody."""
        return self._of.get(uid, uid)

    def see(self, pod: Pod, workload: WorkloadKey | None) -> None:
        """A pod exists. At its first sight it may fill a vacancy."""
        if pod.uid in self._of:
            return
        predecessor = None if workload is None else self._take(pod, workload)
        self._of[pod.uid] = self._of[predecessor.uid] if predecessor is not None else pod.uid

    def lose(self, pod: Pod, workload: WorkloadKey | None) -> None:
        """A pod is marked for deletion or gone: whoever comes next may fill its place."""
        if workload is None:
            return
        vacancies = self._vacancies[workload]
        if all(other.uid != pod.uid for other in vacancies):
            vacancies.append(pod)
            del vacancies[:-MOST_VACANCIES]

    def _take(self, pod: Pod, workload: WorkloadKey) -> Pod | None:
        vacancies = self._vacancies[workload]
        by_name = workload[1] == "StatefulSet"
        for lost in vacancies:
            if by_name and lost.name != pod.name:
                continue
            if lost.created <= pod.created:
                vacancies.remove(lost)
                return lost
        return None
