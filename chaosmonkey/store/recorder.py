"""Write the latest state of outages in the background, with retries."""

from __future__ import annotations

from collections.abc import Mapping

from chaosmonkey.clock import Clock
from chaosmonkey.model import Outage
from chaosmonkey.store.records import Records
from chaosmonkey.store.writer import Writer

GATHER = 0.2
"""Seconds within which changes of an outage are combined into one write."""


class Recorder(Writer):
    """Records outages; each state is kept in memory until it is on the disk.

    The start of an outage is written at once, so that a crash leaves no unknown outage.
    """

    def __init__(self, records: Records, clock: Clock) -> None:
        super().__init__(clock, GATHER)
        self._records = records
        self._unwritten: dict[str, Outage] = {}
        self._open: set[str] = set()  # those on the disk that will still change

    def keep(self, outage: Outage) -> None:
        """Queue this state of the outage for writing."""
        self._unwritten[outage.id] = outage
        self._something.set()

    @property
    def unwritten(self) -> Mapping[str, Outage]:
        """Outages by id whose latest state is not on the disk yet."""
        return self._unwritten

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
