"""What the process before this one left: outages that it did not see the end of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chaosmonkey.hub import BoardPublisher
from chaosmonkey.model import Outage
from chaosmonkey.outage.recovery import milestones
from chaosmonkey.store import Records

READ = 200
"""Outages of the past that are read for the board, which keeps the latest that it has room for."""


async def recover_previous_run(
    records: Records,
    *,
    board: BoardPublisher,
    interrupted: Callable[[Outage], None],
    now: float,
    stepped: float | None = 0.0,
) -> None:
    """End open outages, and show the latest ones.

    Each outage that is ended, which is now (or at its t0, if the clock was set back), and whose
    feed is still to return is given to `interrupted`. If the clock was set by nobody knows how
    much, it ends with what was seen last, and when its feed returns is not measured.

    Args:
        records: the outages on the disk.
        board: shows them.
        interrupted: is told of those whose feed is still to return.
        now: the moment.
        stepped: seconds by which the clock was set since they were kept; None if nobody knows.

    Raises:
        StoreFailed: the disk does not do its part.
    """
    for outage in await records.unfinished():
        outage = outage.later(stepped or 0.0)  # noqa: PLW2901 - the same one, by our clock
        ended = replace(
            outage,
            closed=max(now, outage.t0) if stepped is not None else _seen_last(outage),
            interrupted="the server stopped in the meantime and did not see what followed",
        )
        await records.save(ended)
        if ended.restored is None and stepped is not None:
            interrupted(ended)
    for outage in reversed(await records.latest(READ)):
        board.show_outage(outage)


def _seen_last(outage: Outage) -> float:
    return outage.t0 + max(milestones(outage).values())
