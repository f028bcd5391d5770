"""The phones' stream: one small message with the complete state, and only the latest.

    show ─► (0.25 s) ─► encoded and framed once ─► 100 phones ─► the event loop ─► 100 phones ─► …
                                                     └─ blocked: keeps the latest for later

A slow phone skips messages and loses nothing, because each has the complete state: there is no
buffer to overflow. All phones get the same bytes: 2,000 of them cost one encoding and one timer.
HALT and the cluster's watches run after every hundred phones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from operator import methodcaller
from typing import Any, Protocol

import orjson

from chaosmonkey.hub.messages import Beat
from chaosmonkey.hub.phone_views import Play

PAUSE = 0.25
"""Minimum seconds between two messages: people do not read faster."""

BEAT = 5.0
"""Real seconds of silence after which a heartbeat is sent. A browser does not expose the protocol's
pings: without heartbeats, a page on a lost Wi-Fi would still show LIVE."""

AT_ONCE = 100
"""Phones written to before other tasks run: 1 ms on a laptop, 3 ms on a Raspberry Pi."""


class Listener(Protocol):
    """One phone's connection. Neither method waits or raises."""

    def offer(self, frame: bytes) -> None:
        """Send a frame; while that is impossible, keep only the newest for later."""

    def beat(self, frame: bytes) -> None:
        """Send a heartbeat, or drop it if that is impossible now."""


class PhoneStream:
    """Sends phones the latest message.

    Args:
        now: the server's time, for heartbeats.
        framed: encodes a message as a websocket frame.
        pause: minimum seconds between two messages.
    """

    def __init__(
        self,
        now: Callable[[], float],
        framed: Callable[[bytes], bytes],
        *,
        pause: float = PAUSE,
    ) -> None:
        self.seq = 0
        self._now = now
        self._framed = framed
        self._pause = pause
        self._listeners: dict[Listener, None] = {}
        self._latest: Play | Mapping[str, Any] | None = None
        self._next: Play | Mapping[str, Any] | None = None
        self._frame = b""
        self._frame_at = 0.0
        self._sent_at = 0.0
        self._within = 0.0
        self._on_send: Callable[[], None] = lambda: None
        self._timer: asyncio.TimerHandle | None = None
        self._heart: asyncio.TimerHandle | None = None
        self._spreading = False
        self._closed = False

    @property
    def message(self) -> bytes | None:
        """The latest message as JSON, as of now; None if there is none yet."""
        return None if self._latest is None else self._encode(self._latest)

    @property
    def listening(self) -> int:
        """The number of connected phones."""
        return len(self._listeners)

    @property
    def up_to_date(self) -> bool:
        """Whether the latest message was sent, or is being sent, to every phone."""
        return self._next is None

    @contextmanager
    def subscribed(self, listener: Listener) -> Iterator[None]:
        """Send a phone the latest message at once, and later ones while the context lasts."""
        self._listeners[listener] = None
        if self._latest is not None:
            listener.offer(self._frame_of_now())
        if self._heart is None and not self._closed:
            self._heart = asyncio.get_running_loop().call_later(BEAT, self._beat)
        try:
            yield
        finally:
            del self._listeners[listener]

    def show(self, play: Play | Mapping[str, Any], *, within: float = 0.0) -> None:
        """Send this message soon, unless a newer one replaces it.

        Args:
            play: a Play, or its JSON as an edge received it.
            within: seconds since the message before that it may wait for, for a newer one.
        """
        waiting = None if self._next is None else self._within
        self._within = within if waiting is None else min(within, waiting)
        self._next = play
        self._plan()

    def on_send(self, callback: Callable[[], None]) -> None:
        """Call `callback` whenever a message is sent."""
        self._on_send = callback

    def close(self) -> None:
        """Stop sending permanently."""
        self._closed = True
        for timer in (self._timer, self._heart):
            if timer is not None:
                timer.cancel()

    def _plan(self) -> None:
        if self._next is None or self._spreading or self._closed:
            return
        loop = asyncio.get_running_loop()
        due = max(loop.time(), self._sent_at + max(self._pause, self._within))
        if self._timer is not None and self._timer.when() <= due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(due, self._send)

    def _send(self) -> None:
        assert self._next is not None
        self._timer = None
        self._sent_at = asyncio.get_running_loop().time()
        self.seq += 1
        self._latest, self._next = self._next, None
        self._frame_at = 0.0
        self._spread(methodcaller("offer", self._frame_of_now()))
        self._on_send()

    def _frame_of_now(self) -> bytes:
        """Return the latest message as a frame; a newcomer sets its clock by it."""
        assert self._latest is not None
        now = asyncio.get_running_loop().time()
        if now >= self._frame_at + PAUSE:
            self._frame_at = now
            self._frame = self._framed(self._encode(self._latest))
        return self._frame

    def _encode(self, play: Play | Mapping[str, Any]) -> bytes:
        if isinstance(play, Play):
            return orjson.dumps(replace(play, at=self._now()))
        return orjson.dumps({**play, "at": self._now()})

    def _beat(self) -> None:
        """Send a heartbeat to all phones if nothing was sent for a while."""
        loop = asyncio.get_running_loop()
        self._heart = None
        if not self._listeners:
            return
        due = self._sent_at + BEAT
        if loop.time() >= due and not self._spreading:
            frame = self._framed(orjson.dumps(Beat("beat", self._now())))
            self._spread(methodcaller("beat", frame))
        if loop.time() >= due:
            due = loop.time() + BEAT
        self._heart = loop.call_at(due, self._beat)

    def _spread(self, send: Callable[[Listener], None]) -> None:
        self._spreading = True
        self._send_batch(iter(tuple(self._listeners)), send)

    def _send_batch(self, waiting: Iterator[Listener], send: Callable[[Listener], None]) -> None:
        batch = tuple(islice(waiting, AT_ONCE))
        for listener in batch:
            send(listener)
        if len(batch) == AT_ONCE and not self._closed:
            asyncio.get_running_loop().call_soon(self._send_batch, waiting, send)
        else:
            self._spreading = False
            self._plan()
