"""One large answer at a time, so that a dozen of them that grow at once do not take the memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chaosmonkey.cluster.errors import MalformedResponse

LARGE = 512 * 1024
"""Bytes that each answer, and each line of a watch, may have without waiting for others."""

TURN = 60.0
"""Seconds that a large one may take when it is its turn."""


class LargeAnswers:
    """Where the rest of a large answer waits until no other is being read."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()

    @asynccontextmanager
    async def turn(self, asked: str) -> AsyncIterator[None]:
        """Read it within this context; raises Garbled if that takes longer than `TURN`."""
        async with self._one:
            try:
                async with asyncio.timeout(TURN):
                    yield
            except TimeoutError:
                raise MalformedResponse(
                    f"{asked}: a large answer was not complete after {TURN:g} s.",
                    remedy="A proxy in between may answer in the server's place.",
                ) from None
