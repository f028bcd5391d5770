"""Write in the background, so that callers need not wait, and retry failed writes.

kept ─► something ─► (gathered) ─► write ─┬─► done
                         ▲── later ───────┘ the disk failed
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod

from chaosmonkey.clock import Clock
from chaosmonkey.errors import StoreFailed

log = logging.getLogger(__name__)

RETRY = 5.0
"""Seconds until a failed write is retried."""


class Writer(ABC):
    """Writes when there is something to write, and once more when cancelled.

    Args:
        clock: for the pauses.
        gather: seconds within which changes are combined into one write. A power cut may lose that
            much, plus the time of the write itself.
    """

    def __init__(self, clock: Clock, gather: float) -> None:
        self._clock = clock
        self._gather = gather
        self._something = asyncio.Event()
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Write until cancelled."""
        try:
            while True:
                await self._something.wait()
                if self._gather and self._can_wait():
                    await self._clock.sleep(self._gather)
                if not await self.write():
                    await self._clock.sleep(RETRY)
        finally:
            await self.write()

    async def write(self) -> bool:
        """Write all that is queued; False if the disk failed."""
        async with self._writing:
            self._something.clear()
            try:
                await self._write_all()
            except StoreFailed as error:
                log.error("%s is not on the disk yet: %s", self._what(), error)
                self._something.set()
                return False
            return True

    def _can_wait(self) -> bool:
        """Whether the queue may wait for more before it is written."""
        return True

    @abstractmethod
    async def _write_all(self) -> None:
        """Write the queue, and drop each item when it is on the disk; raises StoreFailed."""

    @abstractmethod
    def _what(self) -> str:
        """The queue, as the beginning of a sentence."""
