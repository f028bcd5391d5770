"""Takes over the outages that the previous process did not see the end of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chaosmonkey.hub import BoardPublisher
from chaosmonkey.model import Outage
from chaosmonkey.outage.recovery import milestones
from chaosmonkey.store import Records

READ = 200
"""Past outages to read for the board, which keeps the latest that it has room for."""


async def recover_previous_run(
    records: Records,
    *,
    board: BoardPublisher,
    interrupted: Callable[[Outage], None],
    now: float,
    stepped: float | None = 0.0,
) -> None:
    """End open outages, and show the latest ones.

    An open outage ends now, or at its t0 if the clock was set back, and is passed to `interrupted`
    if its feed has not returned. If the clock was set by an unknown amount, the outage ends with
    the last thing that was seen, and the return of its feed is not measured.

    Args:
        records: the outages on the disk.
        board: shows them.
        interrupted: called with each outage whose feed has not returned.
        now: the current moment.
        stepped: seconds by which the clock was set since they were stored; None if unknown.

    Raises:
        StoreFailed: the disk failed.
    """
    for outage in await records.unfinished():
        outage = outage.later(stepped or 0.0)  # noqa: PLW2901 - the same outage, by our clock
        ended = replace(
            outage,
            closed=max(now, outage.t0) if stepped is not None else _last_seen(outage),
            interrupted="the server stopped in the meantime and did not see what followed",
        )
        await records.save(ended)
        if ended.restored is None and stepped is not None:
            interrupted(ended)
    for outage in reversed(await records.latest(READ)):
        board.show_outage(outage)


def _last_seen(outage: Outage) -> float:
    return outage.t0 + max(milestones(outage).values())
