"""How long a test waits for what must come before it says that it hangs.

No claim depends on it: what is right and late is right. Claims about time are made with a clock
that the test moves, or by the order of events.
"""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from websockets.asyncio import client as websockets

PATIENCE = 120.0 * float(os.environ.get("PATIENCE", "1"))  # noqa: TID251 - set by whoever tests
"""Seconds. An emulated machine may need more: `PATIENCE=10 make test` waits ten times as long."""


async def until(condition: Callable[[], object], why: Callable[[], str] = lambda: "") -> None:
    """Return when something is so in this process."""

    async def look() -> bool:
        return bool(condition())

    await eventually(look, why, pause=0.005)


async def eventually(
    look: Callable[[], Coroutine[Any, Any, bool]],
    why: Callable[[], str] = lambda: "",
    *,
    pause: float = 0.05,
) -> None:
    """Return when something is so that has to be asked for."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not await look():
                await asyncio.sleep(pause)
    except TimeoutError:
        pytest.fail(f"it did not happen within {PATIENCE:g} s: {why()}")


def wait_until(condition: Callable[[], object], why: str = "", *, pause: float = 0.05) -> None:
    """`until` where there is no event loop."""
    for _ in range(int(PATIENCE / pause)):
        if condition():
            return
        time.sleep(pause)
    pytest.fail(f"it did not happen within {PATIENCE:g} s. {why}")


def connect(uri: str, **options: Any) -> websockets.connect:
    """A websocket that is given up for no slowness."""
    slow = dict.fromkeys(("open_timeout", "close_timeout", "ping_timeout"), PATIENCE)
    return websockets.connect(uri, **slow | options)
