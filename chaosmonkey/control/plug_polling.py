"""Reads plugs that nobody is switching, again and again: somebody else may have switched them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import NoReturn

from chaosmonkey.clock import Clock
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedKind
from chaosmonkey.plugs import PlugBoard, VerifiedPlug

log = logging.getLogger(__name__)

POLL_INTERVAL = 15.0
"""Seconds between two looks."""


async def poll_plugs(
    plugs: PlugBoard,
    *,
    cut: Collection[tuple[str, FeedKind]],
    read: Callable[[VerifiedPlug], object],
    changed: Callable[[], None],
    clock: Clock,
) -> NoReturn:
    """Look until cancelled; a device that does not answer holds up no other.

    Args:
        plugs: all of them.
        cut: those that are being cut or restored, which are left alone.
        read: is called with each plug that was read and is not being switched.
        changed: is called when a plug reads otherwise than before.
        clock: counts the time between two looks.
    """

    async def look(plug: VerifiedPlug) -> None:
        before = plug.last
        try:
            await plug.read()
        except PlugFailed as error:
            log.warning("%s: %s: %s", plug.machine, plug.feed, error)
        if (plug.machine, plug.feed) not in cut:
            read(plug)
        if plug.last is not before:
            changed()

    while True:
        await asyncio.gather(*(look(plug) for key, plug in plugs.items() if key not in cut))
        await clock.sleep(POLL_INTERVAL)
