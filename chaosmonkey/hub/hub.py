"""Send each subscriber a snapshot, then every change once and in order.

    change ─► pending ─► (10 ms) ─► delta, encoded once for all ─► each subscriber's buffer
                                                             └─ full: disconnected, subscribes again

Publishing never waits for a reader.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import orjson

from chaosmonkey.hub.messages import Changes, Delta, Snapshot, State, View
from chaosmonkey.hub.room_views import changes_for_the_room, state_for_the_room

PROTOCOL = 1
"""Version of the messages; increased for incompatible changes."""

COALESCE = 0.010
"""Minimum seconds between two deltas. Changes within this time are sent together."""

BUFFER = 256
"""Deltas that a reader may fall behind: 2.5 s at the highest rate."""

SECTIONS = ("cluster", "machines", "pods", "services", "outages", "show", "rounds")


class TooSlow(Exception):
    """The subscriber fell too far behind; it may subscribe again for a new snapshot."""


class Closed(Exception):
    """The hub was closed because the server stops."""


class Subscription:
    """One reader's buffer; `full` includes what only the presenter and scripts see."""

    def __init__(self, first: bytes, drop: Callable[[Subscription], None], *, full: bool) -> None:
        self.full = full
        self._messages: deque[tuple[bytes, Delta | None]] = deque([(first, None)])
        self._arrived = asyncio.Event()
        self._arrived.set()
        self._ended: type[Exception] | None = None
        self._drop = drop

    async def next(self) -> tuple[bytes, Delta | None]:
        """Wait for the next message; return it encoded, and as a value if it is a delta.

        Raises:
            TooSlow: messages were lost because this reader fell behind.
            Closed: the server stops.
        """
        while not self._messages and self._ended is None:
            self._arrived.clear()
            await self._arrived.wait()
        if self._ended is not None:
            raise self._ended
        return self._messages.popleft()

    def offer(self, encoded: bytes, delta: Delta) -> None:
        """Append a message without waiting; a full buffer ends the subscription."""
        if len(self._messages) >= BUFFER:
            self.end(TooSlow)
        else:
            self._messages.append((encoded, delta))
            self._arrived.set()

    def end(self, reason: type[Exception] = Closed) -> None:
        """End the subscription; a waiting reader gets `reason` raised."""
        self._ended = reason
        self._arrived.set()
        self._drop(self)


class Hub:
    """Holds the published state and sends its changes to subscribers."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self._state: dict[str, dict[str, View]] = {section: {} for section in SECTIONS}
        self._pending: dict[tuple[str, str], View | None] = {}
        self._subscribers: set[Subscription] = set()
        self._flush_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._encoded: dict[bool, tuple[int, bytes]] = {}
        self.seq = 0

    @property
    def state(self) -> State:
        """The published state."""
        self._flush()
        return State(**self._state)  # type: ignore[arg-type] # each section holds its own kind

    def put(self, section: str, key: str, view: View | None) -> None:
        """Set an entity, or remove it with None; the next delta includes it if it has changed."""
        self._pending[section, key] = view
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._flush_at), self._flush)

    def snapshot(self, *, full: bool) -> bytes:
        """Return the published state as a message; only `full` includes addresses.

        The encoded state is cached until the next change.
        """
        state = self.state
        seq, encoded = self._encoded.get(full, (None, b""))
        if seq != self.seq:
            encoded = orjson.dumps(state if full else state_for_the_room(state))
            self._encoded[full] = self.seq, encoded
        ready = cast("State", orjson.Fragment(encoded))
        return orjson.dumps(Snapshot("snapshot", PROTOCOL, self.seq, self.now(), ready))

    def subscribe(self, *, full: bool = False) -> Subscription:
        """Add a subscription; its first message is a snapshot."""
        subscription = Subscription(self.snapshot(full=full), self._subscribers.discard, full=full)
        self._subscribers.add(subscription)
        return subscription

    def shown(self, section: str) -> dict[str, Any]:
        """Return one section by id, including changes not yet sent."""
        shown: dict[str, Any] = dict(self._state[section])
        for (pending, key), view in self._pending.items():
            if pending == section:
                shown[key] = view
        return {key: view for key, view in shown.items() if view is not None}

    @property
    def watching(self) -> int:
        """The number of subscriptions."""
        return len(self._subscribers)

    def close(self) -> None:
        """End every subscription."""
        for subscription in list(self._subscribers):
            subscription.end()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pending:
            return
        self._flush_at = asyncio.get_running_loop().time() + COALESCE
        put: dict[str, dict[str, View]] = {}
        gone: dict[str, list[str]] = {}
        for (section, key), view in self._pending.items():
            shown = self._state[section]
            if view is None:
                if shown.pop(key, None) is not None:
                    gone.setdefault(section, []).append(key)
            elif shown.get(key) != view:
                shown[key] = view
                put.setdefault(section, {})[key] = view
        self._pending.clear()
        if not put and not gone:
            return
        self.seq += 1
        changes = cast("Changes", put)
        delta = Delta("delta", self.seq, self.now(), changes, gone)
        encoded: dict[bool, bytes] = {}
        for subscription in list(self._subscribers):
            full = subscription.full
            if full not in encoded:
                visible = delta if full else replace(delta, set=changes_for_the_room(changes))
                encoded[full] = orjson.dumps(visible)
            subscription.offer(encoded[full], delta)
