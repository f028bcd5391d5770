"""What the process before this one left: outages that it did not see the end of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chaosmonkey.hub import Board
from chaosmonkey.model import Outage
from chaosmonkey.store import Records

READ = 200
"""Outages of the past that are read for the board, which keeps the latest that it has room for."""


async def take_up_the_past(
    records: Records,
    *,
    board: Board,
    interrupted: Callable[[Outage], None],
    now: float,
) -> None:
    """End open outages, and show the latest ones.

    Each outage that is ended, which is now (or at its t0, if the clock was set back), and whose
    feed is still to return is given to `interrupted`.

    Raises:
        StoreFailed: the disk does not do its part.
    """
    for outage in await records.unfinished():
        ended = replace(
            outage,
            closed=max(now, outage.t0),
            interrupted="the server ended meanwhile and did not see what followed",
        )
        await records.save(ended)
        if ended.restored is None:
            interrupted(ended)
    for outage in reversed(await records.latest(READ)):
        board.show_outage(outage)
