"""The watch cache: one resource's objects and their recent changes.

A `Change` is one version of one object. It is encoded to JSON once, on first use; every list and
every watch shares the bytes.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, Literal

import orjson

from chaosmonkey.simcluster.apiserver.resources import ApiResource

log = logging.getLogger(__name__)

Obj = dict[str, Any]
"""A Kubernetes object. Objects in a store are replaced, never changed in place."""

Key = tuple[str, str]
"""Namespace (empty for cluster-scoped objects) and name."""

What = Literal["ADDED", "MODIFIED", "DELETED"]


class Change:
    """One version of one object, and the version before it."""

    def __init__(self, what: What, version: int, key: Key, obj: Obj, before: Obj | None) -> None:
        self.what: What = what
        self.version = version
        self.key = key
        self.object = obj
        self.before = before

    @cached_property
    def json(self) -> bytes:
        """The object's JSON, as in a list."""
        return orjson.dumps(self.object)

    @cached_property
    def line(self) -> bytes:
        """The change as a watch line."""
        return watch_line(self.what, self.json)


def watch_line(what: str, json: bytes) -> bytes:
    """One line of a watch stream, with its newline."""
    return b'{"type":"%s","object":%s}\n' % (what.encode(), json)


class WatchCache:
    """All objects of one resource, their recent changes, and the listeners for new ones.

    `floor` is the oldest version that a watch can start from: earlier changes may be missing.
    """

    def __init__(self, resource: ApiResource, limit: int) -> None:
        self.resource = resource
        self.latest: dict[Key, Change] = {}
        self.floor = 0
        self.listeners: list[Callable[[Change], None]] = []
        self._history: deque[Change] = deque()
        self._limit = limit
        self._indexes: dict[str, Index] = {}

    def add(self, change: Change) -> None:
        """Store a change, drop the oldest if there are too many, and notify the listeners."""
        if change.what == "DELETED":
            del self.latest[change.key]
        else:
            self.latest[change.key] = change
        self._history.append(change)
        if len(self._history) > self._limit:
            self.floor = self._history.popleft().version
        for index in self._indexes.values():
            index.follow(change)
        for listener in tuple(self.listeners):
            try:
                listener(change)
            except Exception:
                # A write must not fail because of those who are notified of it.
                kind, name = self.resource.kind, "/".join(part for part in change.key if part)
                log.exception("A listener cannot handle %s %s; continuing.", kind, name)

    def since(self, version: int) -> Iterator[Change]:
        """Every change after a version that is not below the floor, oldest first."""
        start = bisect_right(self._history, version, key=lambda change: change.version)
        return iter([self._history[i] for i in range(start, len(self._history))])

    def forget(self, version: int) -> None:
        """Drop every change up to and including a version."""
        while self._history and self._history[0].version <= version:
            self._history.popleft()
        self.floor = max(self.floor, version)

    def at(self, version: int) -> dict[Key, Change]:
        """All objects as they were at a version that is not below the floor."""
        then = dict(self.latest)
        for change in reversed(list(self.since(version))):
            if change.before is None:
                then.pop(change.key, None)
            else:
                old = int(change.before["metadata"]["resourceVersion"])
                then[change.key] = Change("ADDED", old, change.key, change.before, None)
        return then

    def index(self, name: str, terms: Callable[[Obj], Iterable[str]]) -> Index:
        """Index the objects by `terms`; the same name returns the same index."""
        if name not in self._indexes:
            self._indexes[name] = Index(self, terms)
        return self._indexes[name]


class Index:
    """The objects of a cache by term, kept up to date with every change.

    `terms` returns each term of an object once.
    """

    def __init__(self, cache: WatchCache, terms: Callable[[Obj], Iterable[str]]) -> None:
        self._cache = cache
        self._terms = terms
        self._keys: dict[str, dict[Key, None]] = {}
        for change in cache.latest.values():
            for term in self._terms(change.object):
                self._keys.setdefault(term, {})[change.key] = None

    def follow(self, change: Change) -> None:
        """Update the index with a change."""
        old = () if change.before is None else tuple(self._terms(change.before))
        new = () if change.what == "DELETED" else tuple(self._terms(change.object))
        if old == new:
            return
        for term in old:
            found = self._keys[term]
            del found[change.key]
            if not found:
                del self._keys[term]
        for term in new:
            self._keys.setdefault(term, {})[change.key] = None

    def find(self, term: str) -> list[Obj]:
        """The objects with a term, in the order in which they got it."""
        latest = self._cache.latest
        return [latest[key].object for key in self._keys.get(term, ())]

    def count(self, term: str) -> int:
        """How many objects have a term."""
        return len(self._keys.get(term, ()))
