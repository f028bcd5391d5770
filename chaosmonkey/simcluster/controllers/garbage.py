"""Garbage collection: deletes the dependents of a deleted object and the content of a namespace.

Background  owner gone ─► dependents deleted
Foreground  owner held ─► dependents deleted, those that block it are gone ─► owner gone
Orphan      owner held ─► its dependents' references removed ─► owner gone
"""

from __future__ import annotations

from collections.abc import Callable

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.resources import NAMESPACES, RESOURCES, ApiResource
from chaosmonkey.simcluster.apiserver.storage import Store, key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import Controller

_NAMESPACE_DELAY = 5.0
"""Seconds before a deleted namespace is emptied; clients may delete its content first."""
_NAMESPACE_RETRY = 1.0


_HELD_FOR = {"Orphan": "orphan", "Foreground": "foregroundDeletion"}
"""The finalizer by which each propagation policy holds an owner."""


def hold_owner(store: Store, resource: ApiResource, key: Key, policy: str) -> None:
    """Give an object that is about to be deleted the finalizer of its propagation policy."""
    finalizer = _HELD_FOR.get(policy)
    if finalizer is None or resource.graceful or resource is NAMESPACES:
        return

    def hold(owner: Obj) -> None:
        kept = owner["metadata"].setdefault("finalizers", [])
        if finalizer not in kept:
            kept.append(finalizer)

    store.edit(resource, key, hold)


def refuse_new_content(store: Store, resource: ApiResource, meta: Obj) -> None:
    """Refuse a new object with 403 if its namespace is being deleted."""
    namespace = meta.get("namespace", "") if resource.namespaced else ""
    found = store.find(NAMESPACES, "", namespace)
    if found is not None and "deletionTimestamp" in found["metadata"]:
        raise refusals.terminating_namespace(resource, meta.get("name", ""), namespace)


class Garbage(Controller):
    """Deletes orphaned objects; its keys are (`owner`, `held` or `namespace`, uid or name)."""

    def __init__(self, context: SimContext) -> None:
        super().__init__(context)
        self._held: dict[str, tuple[ApiResource, Key]] = {}
        self._owned = {
            resource: context.store.index(resource, "owners", _owner_uids) for resource in RESOURCES
        }
        for resource in RESOURCES:
            self.follow(resource, self._changed(resource))

    def _changed(self, resource: ApiResource) -> Callable[[Change], None]:
        def react(change: Change) -> None:
            meta = change.object["metadata"]
            marked = "deletionTimestamp" in meta and change.what == "MODIFIED"
            if resource is NAMESPACES and marked and not self._marked(change):
                self.wake(("namespace", change.key[1]), _NAMESPACE_DELAY)
            if marked and set(meta.get("finalizers", ())) & set(_HELD_FOR.values()):
                self._held[meta["uid"]] = resource, change.key
                self.wake(("held", meta["uid"]))
            if change.what == "DELETED":
                self._held.pop(meta["uid"], None)
                for owner in meta.get("ownerReferences", ()):
                    if owner["uid"] in self._held:
                        self.wake(("held", owner["uid"]))
            if change.what == "DELETED" and any(
                index.count(meta["uid"]) for index in self._owned.values()
            ):
                self.wake(("owner", meta["uid"]))

        return react

    @staticmethod
    def _marked(change: Change) -> bool:
        """Whether the object was already marked for deletion."""
        return change.before is not None and "deletionTimestamp" in change.before["metadata"]

    def sync(self, key: Key) -> None:
        """Delete the dependents of one owner, or the content of one namespace."""
        what, name = key
        if what == "owner":
            for resource, index in self._owned.items():
                for obj in index.find(name):
                    self.context.store.delete(resource, key_of(obj))
        elif what == "held":
            self._release(name)
        else:
            self._empty(name)

    def _release(self, uid: str) -> None:
        """Orphan or delete the dependents of a held owner; then let it go."""
        resource, key = self._held.get(uid, (None, ("", "")))
        owner = self.context.store.find(resource, *key) if resource else None
        if resource is None or owner is None or owner["metadata"]["uid"] != uid:
            return
        finalizers = owner["metadata"].get("finalizers", [])
        waits = False
        for kind, index in self._owned.items():
            for obj in index.find(uid):
                if "orphan" in finalizers:
                    self._orphan(kind, obj, uid)
                    continue
                waits = waits or _blocks(obj, uid)
                if "deletionTimestamp" not in obj["metadata"]:
                    if any(below.count(obj["metadata"]["uid"]) for below in self._owned.values()):
                        hold_owner(self.context.store, kind, key_of(obj), "Foreground")
                    self.context.store.delete(kind, key_of(obj))

        def release(found: Obj) -> None:
            left = [f for f in finalizers if f not in _HELD_FOR.values()]
            found["metadata"]["finalizers"] = left

        if not waits:
            self.context.store.edit(resource, key, release)

    def _orphan(self, resource: ApiResource, obj: Obj, uid: str) -> None:
        """Remove an owner from an object's references."""

        def forget(found: Obj) -> None:
            meta = found["metadata"]
            meta["ownerReferences"] = [o for o in meta["ownerReferences"] if o["uid"] != uid]
            if not meta["ownerReferences"]:
                del meta["ownerReferences"]

        self.context.store.edit(resource, key_of(obj), forget)

    def _empty(self, name: str) -> None:
        """Empty a namespace; drop its finalizers once nothing is left in it."""
        store, left = self.context.store, False
        for resource in RESOURCES:
            for obj in store.all(resource) if resource.namespaced else ():
                if obj["metadata"]["namespace"] == name:
                    left = True
                    store.delete(resource, key_of(obj))

        def terminate(namespace: Obj) -> None:
            namespace["status"] = {"phase": "Terminating"}
            if not left:
                namespace["spec"]["finalizers"] = []

        store.edit(NAMESPACES, ("", name), terminate)
        if left:
            self.wake(("namespace", name), _NAMESPACE_RETRY)


def _owner_uids(obj: Obj) -> tuple[str, ...]:
    return tuple(owner["uid"] for owner in obj["metadata"].get("ownerReferences", ()))


def _blocks(obj: Obj, uid: str) -> bool:
    """Whether an owner that is deleted in the foreground waits for this dependent."""
    owners = obj["metadata"].get("ownerReferences", ())
    return any(owner["uid"] == uid and owner.get("blockOwnerDeletion") for owner in owners)
