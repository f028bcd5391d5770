"""What the journal should hold and the disk has not taken yet: tried again until it has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from chaosmonkey.clock import Clock
from chaosmonkey.store.writer import Writer


class PendingWrites(Writer):
    """Writes that must not be lost and that their author cannot wait for; `run` carries them out.

    A full or locked disk delays them. Of two writes of the same thing only the later one is made.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, gather=0.0)
        self._writes: dict[str, Callable[[], Awaitable[None]]] = {}
        self._settled = asyncio.Event()
        self._settled.set()

    @property
    def pending(self) -> tuple[str, ...]:
        """What is not on the disk yet, such as "HALT"."""
        return tuple(self._writes)

    def owe(self, what: str, write: Callable[[], Awaitable[None]]) -> None:
        """Carry out a write soon; it raises StoreFailed while the disk does not take it."""
        self._writes.pop(what, None)  # the order is that of the latest wishes
        self._writes[what] = write
        self._settled.clear()
        self._something.set()

    async def settled(self) -> None:
        """Return when nothing is owed."""
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
