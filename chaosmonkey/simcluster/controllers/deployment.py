"""Deployments: one ReplicaSet per pod template, and a rollout from the old to the new.

paused or scaled ─► sizes only            RollingUpdate ─► new up ─► old down ─► … ─► history cut
                                          Recreate      ─► old to 0 ─► pods gone ─► new up

Each sync takes one step; the change that it makes wakes it for the next.
"""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers import deploymentstatus, rollout
from chaosmonkey.simcluster.controllers.adoption import Adoption
from chaosmonkey.simcluster.controllers.base import (
    Controller,
    is_finished,
    is_terminating,
    owned_index,
    owner_of,
    reference,
)
from chaosmonkey.simcluster.controllers.rollout import NOTE, revision_of
from chaosmonkey.simcluster.events import Source
from chaosmonkey.simcluster.node.nodestatus import condition

_SOURCE = Source("deployment-controller")


class Deployments(Controller):
    """Creates, scales and deletes the ReplicaSets of Deployments."""

    def __init__(self, context: SimContext) -> None:
        super().__init__(context)
        self.watch(DEPLOYMENTS)
        self.watch(REPLICA_SETS, self._set_changed)
        self.follow(PODS, self._pod_changed)
        self._owned = owned_index(context, REPLICA_SETS)
        self._pods = owned_index(context)
        self._adoption = Adoption(context, REPLICA_SETS)

    def _set_changed(self, replica_set: Obj) -> None:
        owner = owner_of(replica_set)
        if owner is not None and owner["kind"] == "Deployment":
            self.wake((replica_set["metadata"]["namespace"], owner["name"]))

    def _pod_changed(self, change: Change) -> None:
        """Wake a Deployment that waits for its old pods to go (Recreate)."""
        above = owner_of(change.object)
        if change.what != "DELETED" or above is None or above["kind"] != "ReplicaSet":
            return
        replica_set = self.context.store.find(REPLICA_SETS, change.key[0], above["name"])
        if replica_set is not None:
            self._set_changed(replica_set)

    def sync(self, key: Key) -> None:
        """Move one Deployment a step towards its template and its number of replicas."""
        owner = self._find(key)
        if owner is None or is_terminating(owner):
            return
        if deploymentstatus.note_pause(owner, owner["status"], self.context.timeline.now):
            self._write_status(owner, owner["status"])
        self._adoption.adopt(owner)
        new, old = self._sets(owner)
        if owner["spec"].get("paused") or self._was_scaled(owner, [*old, *([new] if new else [])]):
            self._resize(owner, new, old)
            if owner["spec"].get("paused"):
                self._clean(owner, old)
            self._post(owner, progress=False)
            return
        if rollout.is_rolling(owner):
            self._roll(owner, new, old)
        else:
            self._recreate(owner, new, old)
        self._post(owner)

    def _find(self, key: Key) -> Obj | None:
        """A copy of a Deployment with a status."""
        owner = self.context.store.find(DEPLOYMENTS, *key)
        return None if owner is None else owner | {"status": dict(owner.get("status") or {})}

    def _sets(self, owner: Obj) -> tuple[Obj | None, list[Obj]]:
        """The set with the current template, its annotations up to date, and all others."""
        sets = self._owned.find(owner["metadata"]["uid"])
        new = rollout.newest(owner, sets)
        old = [s for s in sets if s is not new]
        if new is None:
            return None, old
        revision = 1 + max((revision_of(s) for s in old), default=0)
        notes = rollout.set_notes(owner, new["metadata"].get("annotations", {}), revision)
        patience = owner["spec"].get("minReadySeconds")

        def annotate(replica_set: Obj) -> None:
            replica_set["metadata"]["annotations"] = notes
            if patience is not None:
                replica_set["spec"]["minReadySeconds"] = patience

        return self.context.store.edit(REPLICA_SETS, key_of(new), annotate), old

    def _was_scaled(self, owner: Obj, sets: list[Obj]) -> bool:
        """Whether the Deployment wants another number than when it last scaled its sets."""
        field, wanted = f"{NOTE}desired-replicas", str(owner["spec"]["replicas"])
        active = [s for s in sets if s["spec"]["replicas"]]
        return any(
            s["metadata"].get("annotations", {}).get(field, wanted) != wanted for s in active
        )

    def _create(self, owner: Obj, old: list[Obj]) -> Obj:
        meta, spec = owner["metadata"], owner["spec"]
        digest = rollout.template_hash(spec["template"], owner["status"].get("collisionCount"))
        template, selector = rollout.for_set(owner, digest)
        revision = 1 + max((revision_of(s) for s in old), default=0)
        replicas = rollout.new_replicas(owner, old, 0)
        patience = spec.get("minReadySeconds")
        replica_set = {
            "metadata": {
                "name": f"{meta['name']}-{digest}",
                "namespace": meta["namespace"],
                "labels": dict(template["metadata"]["labels"]),
                "annotations": rollout.set_notes(owner, rollout.size_notes(owner), revision),
                "ownerReferences": [reference(owner)],
            },
            "spec": {
                "replicas": replicas,
                **({} if patience is None else {"minReadySeconds": patience}),
                "selector": selector,
                "template": template,
            },
            "status": {"replicas": 0},
        }
        try:
            created = self.context.store.create(REPLICA_SETS, replica_set)
        except refusals.Refusal as refused:
            if refused.reason == "AlreadyExists":
                self._count_collision(owner)
            raise
        if replicas:
            self._record_scaled(owner, created, 0, replicas)
        if deploymentstatus.deadline(owner) is not None:
            text = f'Created new replica set "{created["metadata"]["name"]}"'
            row = ("Progressing", "True", "NewReplicaSetCreated", text)
            status = owner["status"]
            deploymentstatus.set_condition(status, row, self.context.timeline.now)
            self._write_status(owner, status)
        return created

    def _count_collision(self, owner: Obj) -> None:
        """Another object has the new set's name: the next attempt gets another hash."""
        status = owner["status"]
        self._write_status(owner, status | {"collisionCount": status.get("collisionCount", 0) + 1})

    def _roll(self, owner: Obj, new: Obj | None, old: list[Obj]) -> None:
        """Scale the new set up if there is room; else the old ones down; else cut the history."""
        if new is None:
            new = self._create(owner, old)
        has, wanted = new["spec"]["replicas"], owner["spec"]["replicas"]
        target = wanted if has > wanted else rollout.new_replicas(owner, [*old, new], has)
        if self._scale(owner, new, target):
            return
        active = [s for s in old if s["spec"]["replicas"]]
        smaller = rollout.shrunk(owner, new, active)
        for replica_set in active:
            if replica_set["metadata"]["name"] in smaller:
                self._scale(owner, replica_set, smaller[replica_set["metadata"]["name"]])
        if not smaller and deploymentstatus.is_complete(owner, owner["status"]):
            self._clean(owner, old)

    def _recreate(self, owner: Obj, new: Obj | None, old: list[Obj]) -> None:
        """Scale the old sets to zero; when their pods are gone, scale the new one up."""
        if sum(self._scale(owner, replica_set, 0) for replica_set in old):
            return
        pods = [p for s in old for p in self._pods.find(s["metadata"]["uid"])]
        if any(not is_finished(pod) for pod in pods):
            return
        if new is None:
            new = self._create(owner, old)
        self._scale(owner, new, owner["spec"]["replicas"])
        if deploymentstatus.is_complete(owner, owner["status"]):
            self._clean(owner, old)

    def _resize(self, owner: Obj, new: Obj | None, old: list[Obj]) -> None:
        """Follow a new number of replicas: in proportion, if several sets have pods."""
        sets = [*old, *([new] if new else [])]
        active = [s for s in sets if s["spec"]["replicas"]]
        wanted = owner["spec"]["replicas"]
        if len(active) <= 1:
            latest = max(sets, key=lambda s: s["metadata"]["creationTimestamp"], default=None)
            only = active[0] if active else new or latest
            if only is not None:
                self._scale(owner, only, wanted)
        elif new is not None and _is_saturated(owner, new):
            for replica_set in old:
                self._scale(owner, replica_set, 0)
            self._scale(owner, new, wanted)
        elif rollout.is_rolling(owner):
            sizes = rollout.proportional(owner, active)
            for replica_set in active:
                self._scale(owner, replica_set, sizes[replica_set["metadata"]["name"]])

    def _scale(self, owner: Obj, replica_set: Obj, replicas: int) -> bool:
        """Scale a set and note what the Deployment wants; return whether its size changed."""
        has = replica_set["spec"]["replicas"]
        if not has and not replicas:
            return False
        notes = rollout.size_notes(owner)

        def scale(replica_set: Obj) -> None:
            replica_set["spec"]["replicas"] = replicas
            replica_set["metadata"].setdefault("annotations", {}).update(notes)

        self.context.store.edit(REPLICA_SETS, key_of(replica_set), scale)
        if has != replicas:
            self._record_scaled(owner, replica_set, has, replicas)
        return bool(has != replicas)

    def _record_scaled(self, owner: Obj, replica_set: Obj, old: int, new: int) -> None:
        way = "up" if new > old else "down"
        name = replica_set["metadata"]["name"]
        text = f"Scaled {way} replica set {name} from {old} to {new}"
        self.context.events.record(owner, "ScalingReplicaSet", text, source=_SOURCE)

    def _clean(self, owner: Obj, old: list[Obj]) -> None:
        """Delete the old sets beyond revisionHistoryLimit."""
        limit = owner["spec"].get("revisionHistoryLimit")
        if limit is not None and limit < 2**31 - 1:
            for replica_set in rollout.expired(old, limit):
                self.context.store.delete(REPLICA_SETS, key_of(replica_set))

    def _post(self, owner: Obj, *, progress: bool = True) -> None:
        """Write the status that follows from the sets; come back when a rollout may be late."""
        now = self.context.timeline.now
        latest = self._find(key_of(owner))
        if latest is None:
            return
        sets = self._owned.find(owner["metadata"]["uid"])
        new = rollout.newest(latest, sets)
        if new and not condition(latest, "Progressing") and deploymentstatus.deadline(latest):
            text = f'Found new replica set "{new["metadata"]["name"]}"'
            row = ("Progressing", "True", "FoundNewReplicaSet", text)
            deploymentstatus.set_condition(latest["status"], row, now)
        status = deploymentstatus.counted(latest, sets, new, now)
        if progress:
            deploymentstatus.note_progress(latest, status, new, now)
        written = self._write_status(latest, status, revision_of(new) if new else 0)
        late = deploymentstatus.seconds_to_deadline(written, now) if written else None
        if late is not None:
            self.wake(key_of(owner), late)

    def _write_status(self, owner: Obj, status: Obj, revision: int = 0) -> Obj | None:
        def post(found: Obj) -> None:
            found["status"] = status
            if revision:
                found["metadata"].setdefault("annotations", {})[f"{NOTE}revision"] = str(revision)

        return self.context.store.edit(DEPLOYMENTS, key_of(owner), post)


def _is_saturated(owner: Obj, new: Obj) -> bool:
    """Whether the new set has all the pods that the Deployment wants, and they are available."""
    wanted = owner["spec"]["replicas"]
    desired = new["metadata"].get("annotations", {}).get(f"{NOTE}desired-replicas")
    counts = new["spec"]["replicas"], new["status"].get("availableReplicas", 0)
    return counts == (wanted, wanted) and desired == str(wanted)
