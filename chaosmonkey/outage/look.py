"""Reads plugs that nobody is switching, again and again: somebody else may have switched them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from typing import NoReturn

from chaosmonkey.clock import Clock
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import Feed, FeedKind
from chaosmonkey.plugs import PlugBoard, VerifiedPlug

log = logging.getLogger(__name__)

LOOK_EVERY = 15.0
"""Seconds between two looks."""


async def look_at_plugs(
    plugs: PlugBoard,
    *,
    cut: Collection[tuple[str, FeedKind]],
    off: Callable[[VerifiedPlug], Awaitable[object]],
    changed: Callable[[], None],
    clock: Clock,
) -> NoReturn:
    """Look until cancelled.

    Args:
        plugs: all of them.
        cut: those that are being cut or restored, which are left alone.
        off: is called with a plug that is found off.
        changed: is called when a plug reads otherwise than before.
        clock: counts the time between two looks.
    """
    while True:
        for key, plug in plugs.items():
            if key in cut:
                continue
            before = plug.last
            try:
                if await plug.read() is Feed.OFF:
                    await off(plug)
            except PlugFailed as error:
                log.warning("%s: %s: %s", plug.machine, plug.feed, error)
            if plug.last is not before:
                changed()
        await clock.sleep(LOOK_EVERY)
