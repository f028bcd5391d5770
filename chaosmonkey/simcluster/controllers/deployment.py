"""Deployments: one ReplicaSet per pod template, and a rolling update from the old to the new.

template changed ─► new ReplicaSet ─► up by the surge ─► old ones down to the minimum ─► …
"""

from __future__ import annotations

import hashlib
import math

import orjson

from chaosmonkey.simcluster.apiserver.resources import DEPLOYMENTS, REPLICA_SETS
from chaosmonkey.simcluster.apiserver.storage import clone, key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import Controller, is_terminating, owner_of, reference
from chaosmonkey.simcluster.events import Source
from chaosmonkey.simcluster.node.nodestatus import condition
from chaosmonkey.simcluster.timestamps import stamp

_SOURCE = Source("deployment-controller")
_ANNOTATION = "deployment.kubernetes.io/"
_HASH_LETTERS = "bcdfghjklmnpqrstvwxz2456789"

_AVAILABLE = (
    "Available",
    "True",
    "MinimumReplicasAvailable",
    "Deployment has minimum availability.",
)
_UNAVAILABLE = (
    "Available",
    "False",
    "MinimumReplicasUnavailable",
    "Deployment does not have minimum availability.",
)


class Deployments(Controller):
    """Creates and scales the ReplicaSets of Deployments."""

    def __init__(self, context: SimContext) -> None:
        super().__init__(context)
        self.watch(DEPLOYMENTS)
        self.watch(REPLICA_SETS, self._set_changed)
        self._owned = context.store.index(REPLICA_SETS, "controller", _controller_uid)

    def _set_changed(self, replica_set: Obj) -> None:
        owner = owner_of(replica_set)
        if owner is not None:
            self.wake((replica_set["metadata"]["namespace"], owner["name"]))

    def sync(self, key: Key) -> None:
        """Move one Deployment a step towards its template and its number of replicas."""
        owner = self.context.store.find(DEPLOYMENTS, *key)
        if owner is None or is_terminating(owner):
            return
        sets = self._owned.find(owner["metadata"]["uid"])
        digest = template_hash(owner["spec"]["template"])
        new = next((s for s in sets if _hash_of(s) == digest), None)
        old = [s for s in sets if _hash_of(s) != digest]
        if new is None and not owner["spec"].get("paused"):
            new = self._create(owner, digest, old)
        if new is not None:
            self._roll(owner, new, old)
            sets = [*old, new]
        self._post(owner, sets, new)

    def _create(self, owner: Obj, digest: str, old: list[Obj]) -> Obj:
        meta, spec = owner["metadata"], owner["spec"]
        template = clone(spec["template"])
        labels = template.setdefault("metadata", {}).setdefault("labels", {})
        labels["pod-template-hash"] = digest
        selector = clone(spec["selector"])
        selector.setdefault("matchLabels", {})["pod-template-hash"] = digest
        revision = 1 + max((_revision(s) for s in old), default=0)
        replicas = min(spec["replicas"], self._room(owner, old))
        replica_set = {
            "metadata": {
                "name": f"{meta['name']}-{digest}",
                "namespace": meta["namespace"],
                "labels": dict(labels),
                "annotations": {
                    f"{_ANNOTATION}desired-replicas": str(spec["replicas"]),
                    f"{_ANNOTATION}max-replicas": str(spec["replicas"] + _surge(owner)),
                    f"{_ANNOTATION}revision": str(revision),
                },
                "ownerReferences": [reference(owner)],
            },
            "spec": {"replicas": max(0, replicas), "selector": selector, "template": template},
            "status": {"replicas": 0},
        }
        created = self.context.store.create(REPLICA_SETS, replica_set)
        self._record_scaled(owner, created, 0, created["spec"]["replicas"])
        return created

    def _room(self, owner: Obj, old: list[Obj]) -> int:
        """How many pods the new set may have besides those of the old sets."""
        if owner["spec"]["strategy"]["type"] == "Recreate":
            empty = not any(s["spec"]["replicas"] or s["status"].get("replicas") for s in old)
            return int(owner["spec"]["replicas"]) if empty else 0
        wanted = owner["spec"]["replicas"] + _surge(owner)
        return int(wanted - sum(s["spec"]["replicas"] for s in old))

    def _roll(self, owner: Obj, new: Obj, old: list[Obj]) -> None:
        wanted = owner["spec"]["replicas"]
        room = self._room(owner, old)
        has = new["spec"]["replicas"]
        self._scale(owner, new, min(wanted, max(has, room)) if has <= wanted else wanted)
        if owner["spec"]["strategy"]["type"] == "Recreate":
            for replica_set in old:
                self._scale(owner, replica_set, 0)
            return
        self._shrink(owner, new, old)

    def _shrink(self, owner: Obj, new: Obj, old: list[Obj]) -> None:
        """Scale down the old sets as far as the new one's available pods allow."""
        least = owner["spec"]["replicas"] - _unavailable(owner)
        new = self.context.store.get(REPLICA_SETS, *key_of(new))
        pods = sum(s["spec"]["replicas"] for s in [new, *old])
        waiting = new["spec"]["replicas"] - new["status"].get("availableReplicas", 0)
        spare = pods - least - waiting
        for replica_set in sorted(old, key=_revision):
            has = replica_set["spec"]["replicas"]
            drop = max(0, min(has, spare))
            spare -= drop
            self._scale(owner, replica_set, has - drop)

    def _scale(self, owner: Obj, replica_set: Obj, replicas: int) -> None:
        desired = str(owner["spec"]["replicas"])
        most = str(owner["spec"]["replicas"] + _surge(owner))
        has = replica_set["spec"]["replicas"]

        def scale(replica_set: Obj) -> None:
            replica_set["spec"]["replicas"] = replicas
            notes = replica_set["metadata"].setdefault("annotations", {})
            notes[f"{_ANNOTATION}desired-replicas"] = desired
            notes[f"{_ANNOTATION}max-replicas"] = most

        self.context.store.edit(REPLICA_SETS, key_of(replica_set), scale)
        if has != replicas:
            self._record_scaled(owner, replica_set, has, replicas)

    def _record_scaled(self, owner: Obj, replica_set: Obj, old: int, new: int) -> None:
        way = "up" if new > old else "down"
        name = replica_set["metadata"]["name"]
        text = f"Scaled {way} replica set {name} from {old} to {new}"
        self.context.events.record(owner, "ScalingReplicaSet", text, source=_SOURCE)

    def _post(self, owner: Obj, sets: list[Obj], new: Obj | None) -> None:
        def total(field: str) -> int:
            return sum(s["status"].get(field, 0) for s in sets)

        wanted = owner["spec"]["replicas"]
        available = total("availableReplicas")
        fresh = new["status"].get("replicas", 0) if new else 0
        counts = {
            "replicas": total("replicas"),
            "updatedReplicas": fresh,
            "readyReplicas": total("readyReplicas"),
            "availableReplicas": available,
            "unavailableReplicas": max(0, wanted - available),
        }
        status: Obj = {"observedGeneration": owner["metadata"]["generation"]}
        status |= {field: count for field, count in counts.items() if count}
        status["terminatingReplicas"] = total("terminatingReplicas")
        enough = available >= wanted - _unavailable(owner)
        complete = fresh == wanted == available == total("replicas")
        status["conditions"] = self._conditions(owner, new, enough=enough, complete=complete)
        revision = str(_revision(new)) if new else ""

        def post(owner: Obj) -> None:
            owner["status"] = status
            if revision:
                owner["metadata"].setdefault("annotations", {})[f"{_ANNOTATION}revision"] = revision

        self.context.store.edit(DEPLOYMENTS, key_of(owner), post)

    def _conditions(
        self, owner: Obj, new: Obj | None, *, enough: bool, complete: bool
    ) -> list[Obj]:
        now = stamp(self.context.timeline.now)
        name = new["metadata"]["name"] if new else ""
        before = condition(owner, "Progressing")
        done = complete or (
            before.get("reason") == "NewReplicaSetAvailable" and (f'"{name}"' in before["message"])
        )
        available = _AVAILABLE if enough else _UNAVAILABLE
        if done:
            text = f'ReplicaSet "{name}" has successfully progressed.'
            progress = ("Progressing", "True", "NewReplicaSetAvailable", text)
        else:
            text = f'ReplicaSet "{name}" is progressing.'
            progress = ("Progressing", "True", "ReplicaSetUpdated", text)
        rows = (available, progress)
        return [_condition(owner, row, now) for row in rows]


def _condition(owner: Obj, row: tuple[str, str, str, str], now: str) -> Obj:
    kind, status, reason, message = row
    before = condition(owner, kind)
    if (before.get("status"), before.get("reason"), before.get("message")) == row[1:]:
        return before
    since = before.get("lastTransitionTime") if before.get("status") == status else None
    return {
        "type": kind,
        "status": status,
        "lastUpdateTime": now,
        "lastTransitionTime": since or now,
        "reason": reason,
        "message": message,
    }


def template_hash(template: Obj) -> str:
    """The hash of a pod template; equal templates have equal hashes."""
    encoded = orjson.dumps(template, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.blake2s(encoded, digest_size=10).digest()
    return "".join(_HASH_LETTERS[byte % len(_HASH_LETTERS)] for byte in digest)


def _hash_of(replica_set: Obj) -> str:
    return str(replica_set["metadata"].get("labels", {}).get("pod-template-hash", ""))


def _revision(replica_set: Obj) -> int:
    notes = replica_set["metadata"].get("annotations", {})
    return int(notes.get(f"{_ANNOTATION}revision", 0))


def _controller_uid(obj: Obj) -> tuple[str, ...]:
    owner = owner_of(obj)
    return (owner["uid"],) if owner else ()


def _surge(owner: Obj) -> int:
    limits = owner["spec"]["strategy"].get("rollingUpdate", {"maxSurge": 0})
    return _share(limits["maxSurge"], owner["spec"]["replicas"], up=True)


def _unavailable(owner: Obj) -> int:
    limits = owner["spec"]["strategy"].get("rollingUpdate", {"maxUnavailable": 0})
    return _share(limits["maxUnavailable"], owner["spec"]["replicas"], up=False)


def _share(value: int | str, of: int, *, up: bool) -> int:
    """A number, or a percentage of one, rounded up or down."""
    if isinstance(value, int):
        return value
    part = of * int(value.removesuffix("%")) / 100
    return math.ceil(part) if up else math.floor(part)
