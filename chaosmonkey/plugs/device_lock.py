"""One device, to which one thing is said at a time; a command does not wait for a mere reading."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chaosmonkey.errors import PlugFailed


class DeviceLock:
    """Keeps order among all that speak to one device: a power strip has many plugs."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._reading: asyncio.Timeout | None = None

    @asynccontextmanager
    async def command(self) -> AsyncIterator[None]:
        """Speak to the device now: a reading that is under way is given up, a command is not."""
        if self._reading is not None:
            self._reading.reschedule(asyncio.get_running_loop().time())
        async with self._turn:
            yield

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Ask the device; raises PlugFailed if a command overtakes this."""
        async with self._turn:
            try:
                async with asyncio.timeout(None) as self._reading:
                    yield
            except TimeoutError:
                raise PlugFailed(
                    "A reading of the plug was given up because a command came.",
                    remedy="Read it again.",
                ) from None
            finally:
                self._reading = None
