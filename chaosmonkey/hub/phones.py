"""The phones' stream: one small message with everything in it, and only ever the latest.

A phone that is slow misses what came in between and loses nothing by it, so there is no buffer to
overflow. All phones get the same bytes, encoded once.
"""

from __future__ import annotations

import asyncio

import orjson

from chaosmonkey.hub.views import Play

PAUSE = 0.25
"""Seconds between two messages at least: people do not read faster."""


class PlayStream:
    """Tells phones what they show, the latest only."""

    def __init__(self) -> None:
        self.seq = 0
        self._message = b""
        self._next: Play | None = None
        self._told_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._news: asyncio.Future[None] | None = None
        self._closed = False

    def show(self, play: Play) -> None:
        """Tell this soon, unless something newer comes before."""
        self._next = play
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._told_at + PAUSE), self._tell)

    async def next(self, after: int) -> tuple[int, bytes] | None:
        """The latest message, once it is newer than `after`; None when the server stops."""
        while self.seq <= after and not self._closed:
            if self._news is None:
                self._news = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._news)
        return None if self._closed else (self.seq, self._message)

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._wake()

    def _tell(self) -> None:
        self._timer = None
        if self._next is None:
            return
        self._told_at = asyncio.get_running_loop().time()
        self.seq += 1
        self._message = orjson.dumps(self._next)
        self._next = None
        self._wake()

    def _wake(self) -> None:
        if self._news is not None:
            self._news.set_result(None)
            self._news = None
