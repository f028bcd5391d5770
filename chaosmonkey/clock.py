"""Time is passed in, never looked up: whoever needs a moment is given a Clock.

A moment is a float: seconds since the Unix epoch. The system clock is read when a clock is made;
from then on the monotonic clock counts, so that a Pi without a battery-backed clock may be set
right in the middle of an outage without a measured second being lost or invented. When the system
clock was set, `SystemClock.correct` takes that over at a moment of the runtime's choosing, and the
runtime tells everyone who keeps moments by how much they moved (`ClockStepped`).
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Coroutine
from typing import Any, Protocol


class Clock(Protocol):
    """Tells the moment, and waits."""

    def now(self) -> float:
        """Seconds since the Unix epoch; goes backwards only in a correction."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock's time; zero or less gives way once."""
        ...


async def came(what: Coroutine[Any, Any, object], clock: Clock, *, within: float) -> bool:
    """Whether something ends within so many seconds of a clock's time; if not, it is cancelled."""
    async with asyncio.TaskGroup() as tasks:
        coming = tasks.create_task(what)
        late = tasks.create_task(clock.sleep(within))
        await asyncio.wait({coming, late}, return_when=asyncio.FIRST_COMPLETED)
        coming.cancel()
        late.cancel()
    return not coming.cancelled()


STEPPED = 1.0
"""Seconds by which the system clock must differ from ours to have been set. Time servers slew what
is less, and slewing moves the monotonic clock too."""


class SystemClock:
    """The time of this machine."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()  # noqa: TID251 - the one home of both

    def now(self) -> float:
        """Seconds since the Unix epoch, counted on by the monotonic clock."""
        return self._offset + time.monotonic()  # noqa: TID251 - the one home

    def correct(self) -> float:
        """Follow the system clock if it was set; return by how many seconds `now` jumped."""
        by = time.time() - time.monotonic() - self._offset  # noqa: TID251 - the one home of both
        if abs(by) < STEPPED:
            return 0.0
        self._offset += by
        return by

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of real time."""
        await asyncio.sleep(max(0.0, seconds))


class ScaledClock:
    """Time that runs `speed` times as fast as this machine's, from `start` on.

    Two processes given the same `start` and `speed` agree on the time.
    """

    def __init__(self, speed: float, *, start: float | None = None) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, got {speed}")
        self.speed = speed
        self._real = SystemClock()
        self._start = self._real.now() if start is None else start

    def now(self) -> float:
        """Seconds since the Unix epoch in this clock's own, faster time."""
        return self._start + (self._real.now() - self._start) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of this clock's time, which is `seconds / speed` of real time."""
        await self._real.sleep(seconds / self.speed)


class ManualClock:
    """A clock for tests: it stands still until `advance` moves it."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        """The moment to which the test has moved this clock."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the test has advanced the clock by `seconds`."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        await woken

    def skip(self, seconds: float) -> None:
        """Move time on while nothing runs: as if the process had been stopped."""
        self._now += seconds

    async def advance(self, seconds: float) -> None:
        """Move time on and wake, in order, everyone whose sleep ends by then."""
        until = self._now + seconds
        await _let_others_run()
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, woken = heapq.heappop(self._sleepers)
            self._now = max(self._now, at)
            if not woken.done():
                woken.set_result(None)
            await _let_others_run()
        self._now = until


async def _let_others_run() -> None:
    """Give tasks that became ready a few turns of the loop."""
    for _ in range(20):
        await asyncio.sleep(0)
