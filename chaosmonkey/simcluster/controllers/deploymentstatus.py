"""A Deployment's status: its counts, and whether its rollout makes progress.

new ReplicaSet ─► pods change ─► complete           Progressing True, NewReplicaSetAvailable
                      └── nothing for the deadline  Progressing False, ProgressDeadlineExceeded
"""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.controllers.rollout import available_of, unavailable, wanted_by
from chaosmonkey.simcluster.node.nodestatus import condition
from chaosmonkey.simcluster.timestamps import moment, stamp

TIMED_OUT = "ProgressDeadlineExceeded"
_COMPLETE = "NewReplicaSetAvailable"
_PAUSED = "DeploymentPaused"
_ENOUGH = (
    "Available",
    "True",
    "MinimumReplicasAvailable",
    "Deployment has minimum availability.",
)
_TOO_FEW = (
    "Available",
    "False",
    "MinimumReplicasUnavailable",
    "Deployment does not have minimum availability.",
)

Row = tuple[str, str, str, str]
"""Type, status, reason and message of a condition."""


def deadline(owner: Obj) -> float | None:
    """Seconds a rollout may make no progress; None for no limit."""
    seconds = owner["spec"].get("progressDeadlineSeconds")
    return None if seconds is None or seconds >= 2**31 - 1 else float(seconds)


def counted(owner: Obj, sets: list[Obj], new: Obj | None, now: float) -> Obj:
    """The status that follows from the ReplicaSets, with the condition Available."""

    def total(field: str) -> int:
        return sum(s["status"].get(field, 0) for s in sets)

    available = available_of(sets)
    counts = {
        "replicas": total("replicas"),
        "updatedReplicas": new["status"].get("replicas", 0) if new else 0,
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, wanted_by(sets) - available),
    }
    before = owner.get("status", {})
    status: Obj = {"observedGeneration": owner["metadata"]["generation"]}
    status |= {field: count for field, count in counts.items() if count}
    status["terminatingReplicas"] = total("terminatingReplicas")
    status["conditions"] = list(before.get("conditions", []))
    if before.get("collisionCount"):
        status["collisionCount"] = before["collisionCount"]
    enough = available >= owner["spec"]["replicas"] - unavailable(owner)
    set_condition(status, _ENOUGH if enough else _TOO_FEW, now)
    return status


def note_progress(owner: Obj, status: Obj, new: Obj | None, now: float) -> None:
    """Set the condition Progressing of a status that `counted` made."""
    limit = deadline(owner)
    if limit is None:
        status["conditions"] = [c for c in status["conditions"] if c["type"] != "Progressing"]
        return
    before = condition(owner, "Progressing")
    same = status.get("replicas", 0) == status.get("updatedReplicas", 0)
    if same and before.get("reason") == _COMPLETE:
        return
    subject = f'ReplicaSet "{new["metadata"]["name"]}"' if new else None
    subject = subject or f'Deployment "{owner["metadata"]["name"]}"'
    if is_complete(owner, status):
        text = f"{subject} has successfully progressed."
        set_condition(status, ("Progressing", "True", _COMPLETE, text), now)
    elif _advanced(owner.get("status", {}), status):
        row = ("Progressing", "True", "ReplicaSetUpdated", f"{subject} is progressing.")
        set_condition(status, row, now, refresh=True)
    elif before and _is_late(before, limit, now):
        text = f"{subject} has timed out progressing."
        set_condition(status, ("Progressing", "False", TIMED_OUT, text), now)


def note_pause(owner: Obj, status: Obj, now: float) -> bool:
    """Set or end the condition Progressing of a paused Deployment; return whether it changed."""
    reason = condition(owner, "Progressing").get("reason")
    paused = bool(owner["spec"].get("paused"))
    if deadline(owner) is None or reason == TIMED_OUT or paused == (reason == _PAUSED):
        return False
    row = ("Progressing", "Unknown", _PAUSED, "Deployment is paused")
    if not paused:
        row = ("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed")
    set_condition(status, row, now)
    return True


def is_complete(owner: Obj, status: Obj) -> bool:
    """Whether all wanted pods are new and available, and no others are left."""
    wanted = owner["spec"]["replicas"]
    fields = ("replicas", "updatedReplicas", "availableReplicas")
    fresh = status.get("observedGeneration", 0) >= owner["metadata"]["generation"]
    return fresh and all(status.get(field, 0) == wanted for field in fields)


def set_condition(status: Obj, row: Row, now: float, *, refresh: bool = False) -> None:
    """Set a condition; one with the same status and reason stays, unless `refresh` is set."""
    kind, value, reason, message = row
    listed = status.setdefault("conditions", [])
    before: Obj = next((c for c in listed if c["type"] == kind), {})
    if not refresh and (before.get("status"), before.get("reason")) == (value, reason):
        return
    since = before.get("lastTransitionTime") if before.get("status") == value else None
    new = {
        "type": kind,
        "status": value,
        "lastUpdateTime": stamp(now),
        "lastTransitionTime": since or stamp(now),
        "reason": reason,
        "message": message,
    }
    status["conditions"] = [c for c in listed if c["type"] != kind] + [new]


def seconds_to_deadline(owner: Obj, now: float) -> float | None:
    """Seconds until a rollout without progress is late; None if it cannot be."""
    limit, before = deadline(owner), condition(owner, "Progressing")
    if limit is None or not before or before["reason"] in {TIMED_OUT, _COMPLETE}:
        return None
    if owner["spec"].get("paused") or is_complete(owner, owner["status"]):
        return None
    return max(0.0, moment(before["lastUpdateTime"]) + limit - now) + 1.0


def _advanced(before: Obj, after: Obj) -> bool:
    """Whether a rollout came closer to its end."""

    def old(status: Obj) -> int:
        return int(status.get("replicas", 0) - status.get("updatedReplicas", 0))

    more = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return old(after) < old(before) or any(after.get(f, 0) > before.get(f, 0) for f in more)


def _is_late(before: Obj, limit: float, now: float) -> bool:
    if before["reason"] in {_COMPLETE, TIMED_OUT}:
        return bool(before["reason"] == TIMED_OUT)
    return moment(before["lastUpdateTime"]) + limit < now
