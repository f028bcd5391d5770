"""What an earlier process left is taken up, and what it had seen stays as it saw it."""

from dataclasses import replace
from pathlib import Path

import pytest

from chaosmonkey.clock import ManualClock
from chaosmonkey.model import FeedKind, Origin, Outage
from chaosmonkey.past import take_up_the_past
from chaosmonkey.store import Records, open_database

LEFT = Outage(
    id="20261120-101500-node3",
    machine="node3",
    node="node3",
    origin=Origin.COMMANDED,
    feed=FeedKind.POWER,
    t0=1000.0,
)


class NoBoard:
    def show_outage(self, outage: Outage) -> None:
        """Nobody looks."""


@pytest.mark.parametrize("restored", [None, 1004.0])
async def test_only_a_feed_that_was_still_gone_is_waited_for(
    tmp_path: Path, clock: ManualClock, restored: float | None
) -> None:
    """A sensor says at every start that its feed is there: that is no return."""
    waited_for: list[Outage] = []
    async with open_database(tmp_path, clock) as database:
        records = Records(database)
        await records.save(replace(LEFT, restored=restored))
        await take_up_the_past(
            database,
            records,
            plugs={},
            board=NoBoard(),
            interrupted=waited_for.append,
            now=1010.0,
        )
        kept = await records.get(LEFT.id)
    assert (kept.restored, kept.closed) == (restored, 1010.0)
    assert bool(waited_for) == (restored is None)
