"""What the reflector needs from below and above, so that it knows neither HTTP nor the cache."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from chaosmonkey.cluster.decoding import DecodedObject, ListPage
from chaosmonkey.cluster.resources import Resource

Batch = list[bytes]
"""Lines of a watch that came together."""


@dataclass(frozen=True, slots=True)
class Position:
    """Which cluster answers, and how far a collection of it has got.

    Attributes:
        cluster: uid of its namespace kube-system; "" where we may not read it.
        version: the collection's resourceVersion now.
    """

    cluster: str
    version: str


class ListerWatcher(Protocol):
    """An API server. Whatever goes wrong is raised as one of `trouble`, and as nothing else."""

    def watch(
        self, resource: Resource, namespace: str | None, version: str, seconds: int
    ) -> AbstractAsyncContextManager[AsyncIterator[Batch]]:
        """What changed after `version`. Entering returns once the server has agreed to tell.

        The server is asked to end it after `seconds`.
        """
        ...

    async def list(
        self, resource: Resource, namespace: str | None, *, token: str = "", limit: int = 500
    ) -> ListPage:
        """One page of the collection; `token` goes on from the last, limit 0 asks for all."""
        ...

    async def position(self, resource: Resource, namespace: str | None) -> Position:
        """Which cluster this is, and the collection's version now."""
        ...

    async def glance(self) -> None:
        """Return if the server is alive and well."""
        ...


class Sink(Protocol):
    """What is kept equal to the server. `at` is the moment when we were told."""

    def replace(self, entries: Iterable[DecodedObject], at: float) -> Iterator[None]:
        """This is all there is; whoever exhausts the iterator may let others go on meanwhile."""
        ...

    def put(self, entry: DecodedObject, at: float) -> None:
        """This is new or changed."""
        ...

    def remove(self, entry: DecodedObject, at: float) -> None:
        """This is gone."""
        ...
