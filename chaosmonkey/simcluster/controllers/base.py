"""The base of the controllers: a work queue of keys, and predicates on pods.

something changed ─► wake(key) ─► a few milliseconds ─► sync(key) makes it right
                          ▲──── the API server is away: later ────┘
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.admission import Admission
from chaosmonkey.simcluster.apiserver.resources import PODS, ApiResource
from chaosmonkey.simcluster.apiserver.storage import clone, key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Index, Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.events import Source
from chaosmonkey.simcluster.node.nodestatus import condition
from chaosmonkey.simcluster.timeline import Booking

log = logging.getLogger(__name__)

_RETRY_AFTER = 0.5
_RETRY_BROKEN = 10.0
"""Seconds before a controller tries an object again that it could not handle."""


class Controller(ABC):
    """A reconcile loop over the keys of some resource."""

    def __init__(self, context: SimContext) -> None:
        self.context = context
        self._waiting: dict[Key, Booking] = {}

    @abstractmethod
    def sync(self, key: Key) -> None:
        """Reconcile one key: compare desired and actual state, and write the difference."""

    def wake(self, key: Key, after: float | None = None) -> None:
        """Sync `key` soon, or `after` seconds from now; a sync booked for earlier stays."""
        timeline = self.context.timeline
        seconds = timeline.draw(self.context.timing.lag) if after is None else after
        booked = self._waiting.get(key)
        if booked is not None:
            if booked.when <= timeline.now + seconds:
                return
            booked.cancel()
        self._waiting[key] = timeline.after(seconds, lambda: self._run(key))

    def _run(self, key: Key) -> None:
        del self._waiting[key]
        if not self.context.answering:
            self.wake(key, _RETRY_AFTER)
            return
        try:
            self.sync(key)
        except refusals.Refusal:
            self.wake(key, _RETRY_AFTER)
        except Exception:
            # One object that a controller cannot handle must not stop it for the others.
            log.exception("%s cannot reconcile %s. Retrying.", type(self).__name__, "/".join(key))
            self.wake(key, _RETRY_BROKEN)

    def watch(self, resource: ApiResource, wake: Callable[[Obj], None] | None = None) -> None:
        """Wake the key of every changed object of a resource, or call `wake` with the object."""

        def react(change: Change) -> None:
            if wake is None:
                self.wake(change.key)
            else:
                wake(change.object)

        self.context.store.subscribe(resource, react)

    def watch_pods_of(self, kind: str) -> None:
        """Wake the controller of every changed pod, if it is of this kind."""

        def react(pod: Obj) -> None:
            owner = owner_of(pod)
            if owner is not None and owner["kind"] == kind:
                self.wake((pod["metadata"]["namespace"], owner["name"]))

        self.watch(PODS, react)


class Workloads:
    """Creates, finds and deletes the pods of a workload."""

    def __init__(self, context: SimContext, admission: Admission, component: str) -> None:
        self.context = context
        self.source = Source(component)
        self._admission = admission
        self._owned = owned_index(context)

    def pods_of(self, owner: Obj) -> list[Obj]:
        """The pods that an object controls."""
        return self._owned.find(owner["metadata"]["uid"])

    def create(
        self, owner: Obj, labels: dict[str, str], *, name: str = "", spec: Obj | None = None
    ) -> Obj:
        """Create a pod from the owner's template."""
        template = clone(owner["spec"]["template"])
        meta = template.setdefault("metadata", {})
        stem = owner["metadata"]["name"]
        pod: Obj = {
            "metadata": {
                **({"name": name} if name else {}),
                "generateName": f"{stem}-",
                "namespace": owner["metadata"]["namespace"],
                "labels": {**meta.get("labels", {}), **labels},
                "ownerReferences": [reference(owner)],
            },
            "spec": template["spec"] | (spec or {}),
        }
        if "annotations" in meta:
            pod["metadata"]["annotations"] = meta["annotations"]
        self._admission.complete(PODS, pod)
        return self.context.store.create(PODS, pod)

    def delete(self, pod: Obj) -> None:
        """Delete a pod, with the grace period of its spec."""
        self.context.store.delete(PODS, key_of(pod))

    def record_event(self, owner: Obj, reason: str, message: str) -> None:
        """Record an event on the workload."""
        self.context.events.record(owner, reason, message, source=self.source)


def owned_index(context: SimContext) -> Index:
    """Pods by the uid of their controller."""

    def terms(pod: Obj) -> tuple[str, ...]:
        owner = owner_of(pod)
        return (owner["uid"],) if owner else ()

    return context.store.index(PODS, "controller", terms)


def owner_of(obj: Obj) -> Obj | None:
    """The reference to an object's controller."""
    for owner in obj["metadata"].get("ownerReferences", ()):
        if owner.get("controller"):
            return dict(owner)
    return None


def reference(owner: Obj) -> Obj:
    """The reference of an owned object to its controller."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def is_ready(pod: Obj) -> bool:
    """Whether the pod's condition Ready is True."""
    return condition(pod, "Ready").get("status") == "True"


def is_terminating(obj: Obj) -> bool:
    """Whether the object is marked for deletion."""
    return "deletionTimestamp" in obj["metadata"]


def is_finished(pod: Obj) -> bool:
    """Whether the pod has succeeded or failed."""
    return pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}


def is_active(pod: Obj) -> bool:
    """Whether the pod counts towards a workload's replicas."""
    return not is_terminating(pod) and not is_finished(pod)
