"""Writes the latest state of outages in the background, and later what it could not write."""

from __future__ import annotations

from chaosmonkey.clock import Clock
from chaosmonkey.model import Outage
from chaosmonkey.store.records import Records
from chaosmonkey.store.writer import Writer

GATHER = 0.2
"""Seconds in which changes of an outage are gathered into one write."""


class Recorder(Writer):
    """Keeps outages; nothing kept is forgotten before it is on the disk.

    That an outage began is written at once: a crash must not leave one that nobody knows of.
    """

    def __init__(self, records: Records, clock: Clock) -> None:
        super().__init__(clock, GATHER)
        self._records = records
        self._unwritten: dict[str, Outage] = {}
        self._open: set[str] = set()  # those on the disk that are still to change

    def keep(self, outage: Outage) -> None:
        """Write this state of the outage soon."""
        self._unwritten[outage.id] = outage
        self._something.set()

    async def _write_all(self) -> None:
        for outage in list(self._unwritten.values()):
            await self._records.save(outage)
            if outage.closed is None:
                self._open.add(outage.id)
            else:
                self._open.discard(outage.id)
            if self._unwritten.get(outage.id) is outage:
                del self._unwritten[outage.id]

    def _can_wait(self) -> bool:
        return self._unwritten.keys() <= self._open

    def _what(self) -> str:
        return f"Outage {', '.join(self._unwritten)}"
