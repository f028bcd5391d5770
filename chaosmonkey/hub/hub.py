"""Everyone who watches gets a snapshot and then every change once, in order, or is cut off.

    change ─► pending ─► (10 ms) ─► delta, encoded once for all ─► each subscriber's buffer
                                                             └─ full: cut off, comes back later

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
"""Version of the messages; raised when a reader of the old ones would misunderstand new ones."""

COALESCE = 0.010
"""Seconds between two deltas at least. What changes twice in that time is sent once."""

BUFFER = 256
"""Deltas that a reader may fall behind: at the fastest, 2.5 s of them."""

SECTIONS = ("cluster", "machines", "pods", "services", "outages", "show", "rounds")


class TooSlow(Exception):
    """The subscriber fell too far behind. It may subscribe again and gets a snapshot."""


class Closed(Exception):
    """The hub was closed: the server stops."""


class Subscription:
    """One reader's place in the stream; `full` is with what only the presenter and scripts see."""

    def __init__(self, first: bytes, drop: Callable[[Subscription], None], *, full: bool) -> None:
        self.full = full
        self._messages: deque[tuple[bytes, Delta | None]] = deque([(first, None)])
        self._arrived = asyncio.Event()
        self._arrived.set()
        self._ended: type[Exception] | None = None
        self._drop = drop

    async def next(self) -> tuple[bytes, Delta | None]:
        """The next message, encoded, and as a value if it is a delta.

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
        """Take a message without waiting; a full buffer ends the subscription."""
        if len(self._messages) >= BUFFER:
            self.end(TooSlow)
        else:
            self._messages.append((encoded, delta))
            self._arrived.set()

    def end(self, reason: type[Exception] = Closed) -> None:
        """Leave the stream; a reader that waits for its next message is told why."""
        self._ended = reason
        self._arrived.set()
        self._drop(self)


class Hub:
    """Holds what is shown and tells its changes."""

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
        """Everything that is shown now."""
        self._flush()
        return State(**self._state)  # type: ignore[arg-type] # each section holds its own kind

    def put(self, section: str, key: str, view: View | None) -> None:
        """Show an entity, or with None show it no more; told with the next delta if it is news."""
        self._pending[section, key] = view
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._flush_at), self._flush)

    def snapshot(self, *, full: bool) -> bytes:
        """Everything told so far, as a message; unless it is `full`, as everyone sees it.

        The state is encoded once for all who come between two changes.
        """
        state = self.state
        seq, encoded = self._encoded.get(full, (None, b""))
        if seq != self.seq:
            encoded = orjson.dumps(state if full else state_for_the_room(state))
            self._encoded[full] = self.seq, encoded
        ready = cast("State", orjson.Fragment(encoded))
        return orjson.dumps(Snapshot("snapshot", PROTOCOL, self.seq, self.now(), ready))

    def subscribe(self, *, full: bool = False) -> Subscription:
        """Join: the first message is a snapshot of everything told so far."""
        subscription = Subscription(self.snapshot(full=full), self._subscribers.discard, full=full)
        self._subscribers.add(subscription)
        return subscription

    def shown(self, section: str) -> dict[str, Any]:
        """One section by id, as it will be told next."""
        shown: dict[str, Any] = dict(self._state[section])
        for (pending, key), view in self._pending.items():
            if pending == section:
                shown[key] = view
        return {key: view for key, view in shown.items() if view is not None}

    @property
    def watching(self) -> int:
        """How many subscriptions there are."""
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
                told = delta if full else replace(delta, set=changes_for_the_room(changes))
                encoded[full] = orjson.dumps(told)
            subscription.offer(encoded[full], delta)
