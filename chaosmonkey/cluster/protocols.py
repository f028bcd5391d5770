"""The protocols that the reflector uses, so that it knows neither HTTP nor the cache."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from chaosmonkey.cluster.decoding import DecodedObject, ListPage
from chaosmonkey.cluster.resources import Resource

Batch = list[bytes]
"""Lines of a watch that arrived together."""


@dataclass(frozen=True, slots=True)
class Position:
    """The cluster's identity, and the current version of a collection.

    Attributes:
        cluster: uid of its namespace kube-system; "" where we may not read it.
        version: the collection's resourceVersion now.
    """

    cluster: str
    version: str


class ListerWatcher(Protocol):
    """An API server. Raises only errors of `errors`."""

    def watch(
        self, resource: Resource, namespace: str | None, version: str, seconds: int
    ) -> AbstractAsyncContextManager[AsyncIterator[Batch]]:
        """Changes after `version`. Entering returns once the server has accepted the watch.

        The server is asked to end it after `seconds`.
        """
        ...

    async def list(
        self, resource: Resource, namespace: str | None, *, token: str = "", limit: int = 500
    ) -> ListPage:
        """One page of the collection; `token` continues after the last, limit 0 asks for all."""
        ...

    async def position(self, resource: Resource, namespace: str | None) -> Position:
        """The cluster's identity, and the collection's current version."""
        ...

    async def glance(self) -> None:
        """Return if the server is alive."""
        ...


class Sink(Protocol):
    """A copy of the server's state. `at` is the moment when a change was received."""

    def replace(self, entries: Iterable[DecodedObject], at: float) -> Iterator[None]:
        """Replace everything; the iterator pauses so that its caller can yield to other tasks."""
        ...

    def put(self, entry: DecodedObject, at: float) -> None:
        """Add or update an object."""
        ...

    def remove(self, entry: DecodedObject, at: float) -> None:
        """Remove an object."""
        ...
