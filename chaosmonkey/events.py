"""Typed, synchronous publish and subscribe: nothing here waits.

Subscribers are called in the order in which they subscribed, so events have one order. What a
subscriber publishes reaches all of its own subscribers before the next one is called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TableChanged:
    """A plug, a cut or the safety switch changed."""


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """Something that the audience or the presenter sees changed: a round, a scene, presence."""


@dataclass(frozen=True, slots=True)
class EntriesCounted:
    """The entries of a round changed. They may wait a moment to be shown."""


@dataclass(frozen=True, slots=True)
class PhonesCounted:
    """The number of phones changed. It may wait longer: thousands come within seconds."""


class Events:
    """Subscriptions by type."""

    def __init__(self) -> None:
        self._subscribers: defaultdict[type, list[Callable[[Any], object]]] = defaultdict(list)

    def subscribe(self, kind: type[T], subscriber: Callable[[T], object]) -> None:
        """Call `subscriber` with every event of exactly this type from now on."""
        self._subscribers[kind].append(subscriber)

    def publish(self, event: object) -> None:
        """Call all subscribers of this event's type, in order."""
        for subscriber in self._subscribers[type(event)]:
            subscriber(event)
