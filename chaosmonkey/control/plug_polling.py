"""Polls the plugs that we are not switching, because someone else may switch them."""

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
"""Seconds between two polls."""


async def poll_plugs(
    plugs: PlugBoard,
    *,
    cut: Collection[tuple[str, FeedKind]],
    read: Callable[[VerifiedPlug], object],
    changed: Callable[[], None],
    clock: Clock,
) -> NoReturn:
    """Poll until cancelled; a device that does not answer does not delay the others.

    Args:
        plugs: all of them.
        cut: those that are being cut or restored, which are left alone.
        read: called with each plug that was read and is not being switched.
        changed: called when a plug's state changed.
        clock: counts the time between two polls.
    """

    async def poll(plug: VerifiedPlug) -> None:
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
        await asyncio.gather(*(poll(plug) for key, plug in plugs.items() if key not in cut))
        await clock.sleep(POLL_INTERVAL)
