"""Adoption: a workload takes over objects that its selector matches and that have no controller.

That is how a Deployment that was deleted with `--cascade=orphan` and created again finds its
ReplicaSets, and they their pods.
"""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.resources import ApiResource
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Index, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import is_finished, is_terminating, owner_of, reference
from chaosmonkey.simcluster.controllers.disruption import selects


class Adoption:
    """Finds the objects of one resource that nothing controls."""

    def __init__(self, context: SimContext, resource: ApiResource) -> None:
        self._context = context
        self._resource = resource
        self._free: Index = context.store.index(resource, "uncontrolled", _namespace_if_free)

    def adopt(self, owner: Obj) -> None:
        """Make an owner the controller of every free object that its selector matches."""
        for obj in self._free.find(owner["metadata"]["namespace"]):
            if is_terminating(obj) or is_finished(obj) or not selects(owner, obj):
                continue

            def take(found: Obj) -> None:
                found["metadata"].setdefault("ownerReferences", []).append(reference(owner))

            self._context.store.edit(self._resource, key_of(obj), take)


def _namespace_if_free(obj: Obj) -> tuple[str, ...]:
    return () if owner_of(obj) else (obj["metadata"]["namespace"],)
