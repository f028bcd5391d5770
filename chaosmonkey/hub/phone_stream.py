"""The phones' stream: one small message with everything in it, and only ever the latest.

    show ─► (0.25 s) ─► encoded and framed once ─► 100 phones ─► the event loop ─► 100 phones ─► …
                                                     └─ blocked: keeps the latest for later

A phone that is slow misses what came in between and loses nothing by it, so there is no buffer to
overflow. All phones get the same bytes: 2,000 of them cost one encoding and one timer. HALT and the
cluster's watches have their turn between two hundreds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from operator import methodcaller
from typing import Protocol

import orjson

from chaosmonkey.hub.messages import Beat
from chaosmonkey.hub.phone_views import Play

PAUSE = 0.25
"""Seconds between two messages at least: people do not read faster."""

BEAT = 5.0
"""Seconds of real time after which a silent stream is given a sign of life. A browser cannot see
the pings of the protocol: without it, a page on a dead Wi-Fi would go on saying LIVE."""

AT_ONCE = 100
"""Phones written to before other tasks get a turn: 1 ms on a laptop, 3 ms on a Raspberry Pi."""


class Listener(Protocol):
    """One phone, as far as the stream knows it. Neither method waits or raises."""

    def offer(self, frame: bytes) -> None:
        """Send this; if that is impossible now, send it later, unless something newer comes."""

    def beat(self, frame: bytes) -> None:
        """Send this sign of life, or forget it if that is impossible now."""


class PhoneStream:
    """Tells phones what they show, the latest only.

    Args:
        now: the server's time, for signs of life.
        framed: makes of a message the bytes that go over the wire.
    """

    def __init__(self, now: Callable[[], float], framed: Callable[[bytes], bytes]) -> None:
        self.seq = 0
        self._now = now
        self._framed = framed
        self._listeners: dict[Listener, None] = {}
        self._frame: bytes | None = None
        self._next: Play | None = None
        self._told_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._heart: asyncio.TimerHandle | None = None
        self._spreading = False
        self._closed = False

    @property
    def listening(self) -> int:
        """How many phones there are."""
        return len(self._listeners)

    @property
    def told_all(self) -> bool:
        """Whether every phone was told, or is being told, the latest that there is."""
        return self._next is None

    @contextmanager
    def told(self, listener: Listener) -> Iterator[None]:
        """Tell a phone the latest at once, and what follows for as long as the context lasts."""
        self._listeners[listener] = None
        if self._frame is not None:
            listener.offer(self._frame)
        if self._heart is None and not self._closed:
            self._heart = asyncio.get_running_loop().call_later(BEAT, self._beat)
        try:
            yield
        finally:
            del self._listeners[listener]

    def show(self, play: Play) -> None:
        """Tell this soon, unless something newer comes before."""
        self._next = play
        self._plan()

    def close(self) -> None:
        """Stop sending, for good."""
        self._closed = True
        for timer in (self._timer, self._heart):
            if timer is not None:
                timer.cancel()

    def _plan(self) -> None:
        if self._next is None or self._timer is not None or self._spreading or self._closed:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(max(loop.time(), self._told_at + PAUSE), self._tell)

    def _tell(self) -> None:
        assert self._next is not None
        self._timer = None
        self._told_at = asyncio.get_running_loop().time()
        self.seq += 1
        self._frame = frame = self._framed(orjson.dumps(self._next))
        self._next = None
        self._spread(methodcaller("offer", frame))

    def _beat(self) -> None:
        """Give a sign of life to all, if nothing was told for a while."""
        loop = asyncio.get_running_loop()
        self._heart = None
        if not self._listeners:
            return
        due = self._told_at + BEAT
        if loop.time() >= due and not self._spreading:
            frame = self._framed(orjson.dumps(Beat("beat", self._now())))
            self._spread(methodcaller("beat", frame))
        if loop.time() >= due:
            due = loop.time() + BEAT
        self._heart = loop.call_at(due, self._beat)

    def _spread(self, tell: Callable[[Listener], None]) -> None:
        self._spreading = True
        self._go_on(iter(tuple(self._listeners)), tell)

    def _go_on(self, waiting: Iterator[Listener], tell: Callable[[Listener], None]) -> None:
        some = tuple(islice(waiting, AT_ONCE))
        for listener in some:
            tell(listener)
        if len(some) == AT_ONCE and not self._closed:
            asyncio.get_running_loop().call_soon(self._go_on, waiting, tell)
        else:
            self._spreading = False
            self._plan()
