"""Read one large answer at a time, so that several at once do not exhaust the memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chaosmonkey.cluster.errors import MalformedResponse

LARGE = 512 * 1024
"""Bytes up to which an answer, or a line of a watch, does not wait for others."""

TURN = 60.0
"""Seconds that a large one may take once it is its turn."""


class LargeAnswers:
    """Serializes the rest of large answers."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()

    @asynccontextmanager
    async def turn(self, action: str) -> AsyncIterator[None]:
        """Hold the turn; raises MalformedResponse if that takes longer than `TURN`."""
        async with self._one:
            try:
                async with asyncio.timeout(TURN):
                    yield
            except TimeoutError:
                raise MalformedResponse(
                    f"{action}: a large answer was not complete after {TURN:g} s.",
                    remedy="Check whether a proxy answers in the server's place.",
                ) from None
