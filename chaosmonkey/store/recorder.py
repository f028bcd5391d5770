"""Writes the latest state of outages in the background, and later what it could not write."""

from __future__ import annotations

import asyncio
import logging

from chaosmonkey.clock import Clock
from chaosmonkey.errors import StoreFailed
from chaosmonkey.model import Outage
from chaosmonkey.store.records import Records

log = logging.getLogger(__name__)

GATHER = 0.2
"""Seconds in which changes of an outage are gathered into one write."""

RETRY = 5.0
"""Seconds until a failed write is tried again."""


class Recorder:
    """Keeps outages; nothing kept is forgotten before it is on the disk."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._unwritten: dict[str, Outage] = {}
        self._something = asyncio.Event()

    def keep(self, outage: Outage) -> None:
        """Write this state of the outage soon."""
        self._unwritten[outage.id] = outage
        self._something.set()

    async def run(self) -> None:
        """Write for ever; when cancelled, write once more."""
        try:
            while True:
                await self._something.wait()
                await self._clock.sleep(GATHER)
                if not await self._write():
                    await self._clock.sleep(RETRY)
        finally:
            await self._write()

    async def _write(self) -> bool:
        self._something.clear()
        for outage in list(self._unwritten.values()):
            try:
                await self._records.save(outage)
            except StoreFailed as error:
                log.error("Outage %s is not on the disk yet: %s", outage.id, error)
                self._something.set()
                return False
            if self._unwritten.get(outage.id) is outage:
                del self._unwritten[outage.id]
        return True
