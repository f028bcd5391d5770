"""What happens, handed to those who subscribed to its type. Synchronous: nothing here waits.

Subscribers are called in the order in which they subscribed, so that there is one order of things.
What a subscriber publishes is handed out whole before the next subscriber is called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TableChanged:
    """A plug, a cut or the safety is not as it was."""


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """What the audience or the presenter sees is not as it was: a round, a scene, who is there."""


class Events:
    """Subscriptions by type."""

    def __init__(self) -> None:
        self._subscribers: defaultdict[type, list[Callable[[Any], object]]] = defaultdict(list)

    def subscribe(self, kind: type[T], told: Callable[[T], object]) -> None:
        """Call `told` with everything of exactly this type that is published from now on."""
        self._subscribers[kind].append(told)

    def publish(self, happened: object) -> None:
        """Hand something to all who subscribed to its type, in order."""
        for told in self._subscribers[type(happened)]:
            told(happened)
