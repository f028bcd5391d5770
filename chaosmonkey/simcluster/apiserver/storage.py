"""The simulated etcd, with the guarantees of an API server.

One counter numbers every write of every resource. A write based on an older version is refused.
`controllers/garbage.py` deletes what a deleted object owned. Subscribers receive each change
before the write returns, in the order of the writes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.resources import RESOURCES, ApiResource
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Index, Key, Obj, WatchCache, What
from chaosmonkey.simcluster.timeline import Timeline
from chaosmonkey.simcluster.timestamps import stamp

__all__ = ["Change", "Key", "Obj", "Store", "clone", "key_of"]

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def clone(obj: Any) -> Any:
    """A deep copy of JSON."""
    return orjson.loads(orjson.dumps(obj))


def key_of(obj: Obj) -> Key:
    """An object's key: its namespace and name."""
    meta = obj["metadata"]
    return meta.get("namespace", ""), meta["name"]


class Store:
    """Every object of the world.

    Args:
        timeline: the time of each write, and the source of random names and uids.
        history: how many changes of each resource are kept for watches.
    """

    def __init__(self, timeline: Timeline, *, history: int = 2000) -> None:
        self.version = 1
        self._timeline = timeline
        self._caches = {resource: WatchCache(resource, history) for resource in RESOURCES}

    @property
    def now(self) -> float:
        """The moment at which a write would happen now."""
        return self._timeline.now

    def cache(self, resource: ApiResource) -> WatchCache:
        """The objects of one resource with their history."""
        return self._caches[resource]

    def subscribe(self, resource: ApiResource, listener: Callable[[Change], None]) -> None:
        """Call `listener` with every change from now on."""
        self._caches[resource].listeners.append(listener)

    def index(
        self, resource: ApiResource, name: str, terms: Callable[[Obj], Iterable[str]]
    ) -> Index:
        """Index a resource's objects by the terms of each."""
        return self._caches[resource].index(name, terms)

    def find(self, resource: ApiResource, namespace: str, name: str) -> Obj | None:
        """One object, or None."""
        change = self._caches[resource].latest.get((namespace, name))
        return None if change is None else change.object

    def get(self, resource: ApiResource, namespace: str, name: str) -> Obj:
        """One object; refuses with 404 if it does not exist."""
        found = self.find(resource, namespace, name)
        if found is None:
            raise refusals.not_found(resource, name)
        return found

    def all(self, resource: ApiResource) -> list[Obj]:
        """Every object of a resource, in no particular order."""
        return [change.object for change in self._caches[resource].latest.values()]

    def create(self, resource: ApiResource, obj: Obj, *, keep: bool = True) -> Obj:
        """Add an object, which the store then owns; refuses with 409 if its name is taken.

        With `keep=False` (a dry run) nothing is stored.
        """
        meta = obj["metadata"]
        if "name" not in meta:
            meta["name"] = meta["generateName"] + self.suffix()
        key = key_of(obj)
        if key in self._caches[resource].latest:
            raise refusals.already_exists(resource, key[1])
        meta["uid"] = self.uid()
        meta["creationTimestamp"] = stamp(self._timeline.now)
        meta.pop("resourceVersion", None)
        meta.pop("deletionTimestamp", None)
        if resource.generation:
            meta["generation"] = 1
        created = {"kind": resource.kind, "apiVersion": resource.api_version} | obj
        return self._write(resource, "ADDED", created, None) if keep else created

    def update(self, resource: ApiResource, obj: Obj, *, keep: bool = True) -> Obj:
        """Replace an object by a changed copy, which the store then owns.

        Refuses with 404 if the object is gone, and with 409 if the copy names an older version or
        another uid. A write that changes nothing creates no new version.
        """
        key = key_of(obj)
        before = self.get(resource, *key)
        meta, old = obj["metadata"], before["metadata"]
        if meta.get("resourceVersion", old["resourceVersion"]) != old["resourceVersion"]:
            raise refusals.conflict(resource, key[1])
        if meta.get("uid", old["uid"]) != old["uid"]:
            why = (
                f"Precondition failed: UID in precondition: {meta['uid']}, "
                f"UID in object meta: {old['uid']}"
            )
            raise refusals.conflict(resource, key[1], why)
        for field in ("uid", "creationTimestamp", "resourceVersion", "generation"):
            if field in old:
                meta[field] = old[field]
        if obj == before:
            return before
        if resource.generation and _spec_changed(before, obj):
            meta["generation"] = old.get("generation", 1) + 1
        if not keep:
            return obj
        if "deletionTimestamp" in meta and not resource.graceful and not _held(obj):
            return self._write(resource, "DELETED", obj, before)
        return self._write(resource, "MODIFIED", obj, before)

    def edit(
        self, resource: ApiResource, key: Key, change: Callable[[Obj], None], *, uid: str = ""
    ) -> Obj | None:
        """Apply `change` to a copy of the latest version and store it; None if it is gone.

        With `uid`, another object of the same name counts as gone.
        """
        before = self.find(resource, *key)
        if before is None or (uid and before["metadata"]["uid"] != uid):
            return None
        after = clone(before)
        change(after)
        return self.update(resource, after)

    def delete(self, resource: ApiResource, key: Key, *, grace: int | None = None) -> Obj:
        """Delete an object, or mark it for deletion if it has a grace period or a finalizer.

        Args:
            resource: the resource of the object.
            key: its namespace and name.
            grace: a pod's grace period in seconds; None for the one in its spec. A pod that is not
                bound, or has finished, gets none.

        Returns:
            The marked object, or the last version of the deleted one.
        """
        before = self.get(resource, *key)
        meta = before["metadata"]
        if resource.graceful and (seconds := _grace(before, grace)) > 0:
            if "deletionTimestamp" in meta and seconds >= meta["deletionGracePeriodSeconds"]:
                return before
            return self._mark(resource, before, seconds)
        if _held(before):
            return before if "deletionTimestamp" in meta else self._mark(resource, before, 0)
        if resource.graceful and before["spec"].get("nodeName"):
            before = self._mark(resource, before, 0)
        return self._write(resource, "DELETED", clone(before), before)

    def _mark(self, resource: ApiResource, before: Obj, seconds: int) -> Obj:
        after = clone(before)
        meta = after["metadata"]
        if "deletionTimestamp" not in meta and resource.generation:
            meta["generation"] = meta.get("generation", 1) + 1
        meta["deletionTimestamp"] = stamp(self._timeline.now + seconds)
        meta["deletionGracePeriodSeconds"] = seconds
        return self._write(resource, "MODIFIED", after, before)

    def _write(self, resource: ApiResource, what: What, obj: Obj, before: Obj | None) -> Obj:
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        self._caches[resource].add(Change(what, self.version, key_of(obj), obj, before))
        return obj

    def compact(self) -> None:
        """Drop all history: a watch from an earlier version gets a 410."""
        for cache in self._caches.values():
            cache.forget(self.version)

    def uid(self) -> str:
        """A new uid; the same seed gives the same uids."""
        return str(uuid.UUID(int=self._timeline.random.getrandbits(128), version=4))

    def suffix(self, length: int = 5) -> str:
        """A random suffix for a generated name, in the letters that Kubernetes uses."""
        return "".join(self._timeline.random.choices(_LETTERS, k=length))


def _held(obj: Obj) -> bool:
    """Whether a finalizer blocks the deletion; namespaces have theirs in the spec."""
    return bool(obj["metadata"].get("finalizers") or obj.get("spec", {}).get("finalizers"))


def _spec_changed(before: Obj, after: Obj) -> bool:
    """Whether the spec changed, apart from binding a pod to a node."""
    old, new = before.get("spec", {}), after.get("spec", {})
    return bool(old | {"nodeName": ""} != new | {"nodeName": ""})


def _grace(pod: Obj, requested: int | None) -> int:
    """A pod's grace period in seconds."""
    if not pod["spec"].get("nodeName"):
        return 0
    if pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}:
        return 0
    default: int = pod["spec"].get("terminationGracePeriodSeconds", 30)
    return default if requested is None else requested
