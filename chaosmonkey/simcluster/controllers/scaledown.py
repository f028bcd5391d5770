"""Which pods a ReplicaSet deletes first when it scales down.

Unbound, then Pending, then unready, then cheap to delete, then doubled up on a node, then ready for
a shorter time, then restarted more often, then younger. Times compare by powers of two, so that
chance (the uid) decides between pods of about the same age.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import cmp_to_key

from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.node.nodestatus import condition
from chaosmonkey.simcluster.timestamps import moment

COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASES = ("Pending", "Unknown")


def deletion_order(pods: list[Obj], related: list[Obj], now: float) -> list[Obj]:
    """Pods in the order in which they are deleted.

    Args:
        pods: the ReplicaSet's active pods.
        related: the active pods of all ReplicaSets of the same owner.
        now: the current moment.
    """
    on_node = Counter(pod["spec"].get("nodeName", "") for pod in related)

    def compare(one: Obj, other: Obj) -> int:
        first, second = _rank(one, on_node), _rank(other, on_node)
        if first != second:
            return -1 if first < second else 1
        if ready_since(one) != ready_since(other):
            return _compare_ages(ready_since(one), ready_since(other), one, other, now)
        if _restarts(one) != _restarts(other):
            return _restarts(other) - _restarts(one)
        born, other_born = _born(one), _born(other)
        return 0 if born == other_born else _compare_ages(born, other_born, one, other, now)

    return sorted(pods, key=cmp_to_key(compare))


def _rank(pod: Obj, on_node: Counter[str]) -> tuple[bool, int, bool, int, int]:
    node, phase = pod["spec"].get("nodeName", ""), pod["status"].get("phase", "")
    ready = condition(pod, "Ready").get("status") == "True"
    order = _PHASES.index(phase) if phase in _PHASES else len(_PHASES)
    return bool(node), order, ready, _cost(pod), -on_node[node]


def _cost(pod: Obj) -> int:
    """The pod's deletion cost; 0 if it has none that is a number."""
    try:
        return int(pod["metadata"].get("annotations", {}).get(COST, "0"))
    except ValueError:
        return 0


def _compare_ages(since: float, other: float, pod: Obj, rival: Obj, now: float) -> int:
    """Compare how long something has lasted, by powers of two, then the uids."""
    difference = _magnitude(now - since) - _magnitude(now - other)
    if difference:
        return difference
    return -1 if pod["metadata"]["uid"] < rival["metadata"]["uid"] else 1


def _magnitude(seconds: float) -> int:
    return int(math.log2(seconds * 1e9)) if seconds > 0 else -1


def ready_since(pod: Obj) -> float:
    """When a ready pod became ready; 0 for another, and for one that does not say when."""
    found = condition(pod, "Ready")
    ready = found.get("status") == "True" and found.get("lastTransitionTime")
    return moment(found["lastTransitionTime"]) if ready else 0.0


def _restarts(pod: Obj) -> int:
    counts = [c.get("restartCount", 0) for c in pod["status"].get("containerStatuses", ())]
    return max(counts, default=0)


def _born(pod: Obj) -> float:
    return moment(pod["metadata"]["creationTimestamp"])
