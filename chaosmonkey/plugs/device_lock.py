"""Serialize access to one device; a command cancels a reading instead of waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chaosmonkey.errors import PlugFailed


class DeviceLock:
    """Serializes all access to one device: a power strip has many plugs."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._reading: asyncio.Timeout | None = None

    @asynccontextmanager
    async def command(self) -> AsyncIterator[None]:
        """Hold the device for a command: cancels a reading under way, waits for another command."""
        if self._reading is not None:
            self._reading.reschedule(asyncio.get_running_loop().time())
        async with self._turn:
            yield

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Hold the device for a reading; raises PlugFailed if a command cancels it."""
        async with self._turn:
            try:
                async with asyncio.timeout(None) as self._reading:
                    yield
            except TimeoutError:
                raise PlugFailed(
                    "Reading the plug was cancelled by a command to its device.",
                    remedy="Read it again.",
                ) from None
            finally:
                self._reading = None
