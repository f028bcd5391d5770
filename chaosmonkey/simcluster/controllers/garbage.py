"""Garbage: what a deleted object owned goes too, and what a deleted namespace held.

Background deletion only: the owner goes first, whatever the caller asked for.
"""

from __future__ import annotations

from collections.abc import Callable

from chaosmonkey.simcluster.controllers.base import Controller
from chaosmonkey.simcluster.history import Change, Key, Obj
from chaosmonkey.simcluster.objects import key_of
from chaosmonkey.simcluster.parts import Parts
from chaosmonkey.simcluster.resources import NAMESPACES, RESOURCES, Resource


class Garbage(Controller):
    """Deletes what nobody owns any more; its keys are (`owner` or `namespace`, uid or name)."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._owned = {
            resource: parts.store.index(resource, "owners", _owner_uids) for resource in RESOURCES
        }
        for resource in RESOURCES:
            parts.store.subscribe(resource, self._changed(resource))

    def _changed(self, resource: Resource) -> Callable[[Change], None]:
        def heard(change: Change) -> None:
            if change.what != "DELETED":
                return
            uid = change.object["metadata"]["uid"]
            if any(index.count(uid) for index in self._owned.values()):
                self.wake(("owner", uid))
            if resource is NAMESPACES:
                self.wake(("namespace", change.key[1]))

        return heard

    def sync(self, key: Key) -> None:
        """Delete everything that one owner or namespace left behind."""
        what, name = key
        for resource in RESOURCES:
            if what == "owner":
                left = self._owned[resource].find(name)
            else:
                every = self.parts.store.all(resource) if resource.namespaced else []
                left = [obj for obj in every if obj["metadata"]["namespace"] == name]
            for obj in left:
                self.parts.store.delete(resource, key_of(obj))


def _owner_uids(obj: Obj) -> tuple[str, ...]:
    return tuple(owner["uid"] for owner in obj["metadata"].get("ownerReferences", ()))
