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


class WorkQueue:
    """Callbacks in the order of their arrival; one that raises is logged and the next runs."""

    def __init__(self) -> None:
        self._work: deque[Callable[[], None]] = deque()
        self._planned = False

    def put(self, work: Callable[[], None]) -> None:
        """Run `work` soon, after everything that was put before."""
        self._work.append(work)
        if not self._planned:
            self._planned = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + SLICE
        while self._work:
            try:
                self._work.popleft()()
            except Exception:
                log.exception("A phone's request failed")
            if loop.time() >= end:
                break
        self._planned = bool(self._work)
        if self._planned:
            loop.call_soon(self._run)
