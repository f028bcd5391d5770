"""Garbage collection: deletes the dependents of a deleted object and the content of a namespace.

Only background deletion: the owner is deleted first, whatever the caller requested.
"""

from __future__ import annotations

from collections.abc import Callable

from chaosmonkey.simcluster.apiserver.resources import NAMESPACES, RESOURCES, ApiResource
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import Controller

_NAMESPACE_DELAY = 5.0
"""Seconds before a deleted namespace is emptied; clients may delete its content first."""
_NAMESPACE_RETRY = 1.0


class Garbage(Controller):
    """Deletes orphaned objects; its keys are (`owner` or `namespace`, uid or name)."""

    def __init__(self, context: SimContext) -> None:
        super().__init__(context)
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
        else:
            self._empty(name)

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
