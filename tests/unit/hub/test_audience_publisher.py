"""A tally moves at most ten times a second; what the presenter does is shown at once."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from chaosmonkey.hub.audience_publisher import GATHER, HEADCOUNT, AudiencePublisher


class Counting(AudiencePublisher):
    """Counts its publications instead of building views."""

    def __init__(self) -> None:
        nothing = cast("Any", None)
        super().__init__(
            nothing, nothing, nothing, room=nothing, presence=nothing,
            safety=nothing, join_url=nothing,
        )  # fmt: skip
        self.published: list[float] = []

    def _publish(self) -> None:
        self.published.append(asyncio.get_running_loop().time())


async def call_each_iteration(call: Callable[[], None], seconds: float) -> None:
    """Call again and again, as votes come in, while the loop's time moves on."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        call()
        await asyncio.sleep(0.001)


async def test_a_second_of_votes_is_published_ten_times_and_the_last_one_too() -> None:
    publisher = Counting()
    loop = asyncio.get_running_loop()
    began = loop.time()
    await call_each_iteration(publisher.show_soon, 1.0)
    last = loop.time()
    await asyncio.sleep(2 * GATHER)
    assert publisher.published[0] == began  # the first one waits for nothing
    gaps = [b - a for a, b in zip(publisher.published, publisher.published[1:], strict=False)]
    assert min(gaps) >= GATHER - 1e-9
    assert 10 <= len(publisher.published) <= 12
    assert publisher.published[-1] >= last - 0.001


async def test_a_hall_that_joins_is_counted_once_a_second_and_holds_up_no_tally() -> None:
    publisher = Counting()
    loop = asyncio.get_running_loop()
    await call_each_iteration(publisher.show_headcount, 0.5)
    assert len(publisher.published) == 1
    await asyncio.sleep(HEADCOUNT)
    assert len(publisher.published) == 2  # the last phone is counted too
    publisher.show_headcount()
    publisher.show_soon()
    asked = loop.time()
    await asyncio.sleep(2 * GATHER)
    assert publisher.published[2] <= asked + GATHER + 1e-9
    await asyncio.sleep(HEADCOUNT)
    assert len(publisher.published) == 3  # the headcount that waited was published with it


async def test_what_the_presenter_does_waits_for_no_tally() -> None:
    publisher = Counting()
    publisher.show_soon()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    publisher.show_soon()
    assert len(publisher.published) == 1
    publisher.show()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(publisher.published) == 2
    await asyncio.sleep(2 * GATHER)
    assert len(publisher.published) == 2  # the tally that waited was published with it
