"""What the process before this one left: plugs that may be off, outages that nobody ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from chaosmonkey.hub import Board
from chaosmonkey.model import Outage
from chaosmonkey.plugs import PlugBoard
from chaosmonkey.store import Database, Records

log = logging.getLogger(__name__)

SHOWN = 20
"""Outages of the past that are on the board."""


async def take_up_the_past(
    database: Database,
    records: Records,
    *,
    plugs: PlugBoard,
    board: Board,
    interrupted: Callable[[Outage], None],
    now: float,
) -> None:
    """Turn plugs on if the journal was lost, end open outages, show the latest ones.

    Each outage that is ended, which is now (or at its t0, if the clock was set back), and whose
    feed is still to return is given to `interrupted`.

    Raises:
        PlugFailed, StoreFailed: a plug, or the disk, does not do its part.
    """
    if database.set_aside is not None:
        log.warning("The journal was lost: every plug is turned on.")
        for plug in plugs.values():
            await plug.switch(on=True)
    for outage in await records.unfinished():
        ended = replace(
            outage,
            closed=max(now, outage.t0),
            interrupted="the server ended meanwhile and did not see what followed",
        )
        await records.save(ended)
        if ended.restored is None:
            interrupted(ended)
    for outage in reversed(await records.latest(SHOWN)):
        board.show_outage(outage)
