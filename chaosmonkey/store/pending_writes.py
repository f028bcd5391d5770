"""Writes to the journal that are not on the disk yet, retried until they are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from chaosmonkey.clock import Clock
from chaosmonkey.store.writer import Writer


class PendingWrites(Writer):
    """Writes that must not be lost and that their caller cannot wait for; `run` executes them.

    A full or locked disk delays them. Of two writes with the same name only the later one is made.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, gather=0.0)
        self._writes: dict[str, Callable[[], Awaitable[None]]] = {}
        self._settled = asyncio.Event()
        self._settled.set()

    @property
    def pending(self) -> tuple[str, ...]:
        """Names of writes not on the disk yet, such as "HALT"."""
        return tuple(self._writes)

    def owe(self, what: str, write: Callable[[], Awaitable[None]]) -> None:
        """Queue a write, which raises StoreFailed while the disk fails."""
        self._writes.pop(what, None)  # ordered by the latest request
        self._writes[what] = write
        self._settled.clear()
        self._something.set()

    async def settled(self) -> None:
        """Return when no write is pending."""
        await self._settled.wait()

    async def _write_all(self) -> None:
        for what, write in list(self._writes.items()):
            await write()
            if self._writes.get(what) is write:
                del self._writes[what]
        if not self._writes:
            self._settled.set()

    def _what(self) -> str:
        return ", ".join(self._writes)
