"""Runs short callbacks in slices, so that two thousand at once hold up nothing else.

What phones send is queued and worked off for at most `SLICE` seconds per iteration of the event
loop. HALT, the console and the cluster's watches get their turn in between.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

SLICE = 0.002
"""Seconds of work in one iteration of the event loop: some ten votes on a laptop, two on a Pi."""

GATHER = 0.005
"""Seconds from an empty queue to the next slice, so that what arrives meanwhile shares one. An
answer waits ten times as long for the disk."""


class WorkQueue:
    """Callbacks in the order of their arrival; one that raises is logged and the next runs."""

    def __init__(self) -> None:
        self._work: deque[Callable[[], None]] = deque()
        self._planned = False
        self._count = 0
        self._ended = 0.0
        self._running = False

    @property
    def current_slice(self) -> int | None:
        """The number of the slice under way; None outside. Nothing else runs within a slice."""
        return self._count if self._running else None

    def put(self, work: Callable[[], None]) -> None:
        """Run `work` soon, after everything that was put before."""
        self._work.append(work)
        if not self._planned:
            self._planned = True
            loop = asyncio.get_running_loop()
            loop.call_at(max(loop.time(), self._ended + GATHER), self._run)

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + SLICE
        self._count += 1
        self._running = True
        while self._work:
            try:
                self._work.popleft()()
            except Exception:
                log.exception("A phone's request failed")
            if loop.time() >= end:
                break
        self._running = False
        self._ended = loop.time()
        self._planned = bool(self._work)
        if self._planned:
            loop.call_soon(self._run)
