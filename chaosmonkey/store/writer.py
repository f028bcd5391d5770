"""Writes in the background what others must not wait for, and later what could not be written.

kept ─► something ─► (gathered) ─► write ─┬─► done
                         ▲── later ───────┘ the disk did not take it
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod

from chaosmonkey.clock import Clock
from chaosmonkey.errors import StoreFailed

log = logging.getLogger(__name__)

RETRY = 5.0
"""Seconds until a failed write is tried again."""


class Writer(ABC):
    """Writes when there is something, and once more when cancelled; loses nothing before.

    Args:
        clock: for the pauses.
        gather: seconds in which what changes is gathered into one write: so much a power cut may
            cost, and the time of the write itself.
    """

    def __init__(self, clock: Clock, gather: float) -> None:
        self._clock = clock
        self._gather = gather
        self._something = asyncio.Event()
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Write for ever."""
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
        """Write all that is kept, if the disk takes it."""
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
        """Whether more may be gathered before what is kept is written."""
        return True

    @abstractmethod
    async def _write_all(self) -> None:
        """Write what is kept, and forget it when it is on the disk; raises StoreFailed."""

    @abstractmethod
    def _what(self) -> str:
        """What waits, as the beginning of a sentence."""
