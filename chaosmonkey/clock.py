"""Time is passed in, never looked up: whoever needs a moment is given a Clock.

A moment is a float: seconds since the Unix epoch. The system clock is read when a clock is made;
from then on the monotonic clock counts, so that a Pi without a battery-backed clock may be set
right in the middle of an outage without a measured second being lost or invented. When the system
clock was set, `SystemClock.correct` takes that over at a moment of the runtime's choosing, and the
runtime tells everyone who keeps moments by how much they moved (`ClockStepped`).

A process may not run for a while: it was stopped, its machine slept, its loop was held up. What
happened meanwhile is read late; `Heartbeat` notices, and `running_for` does not count such time.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, Protocol


class Clock(Protocol):
    """Tells the moment, and waits."""

    def now(self) -> float:
        """Seconds since the Unix epoch; goes backwards only in a correction."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock's time; zero or less gives way once."""
        ...


BEAT = 0.1
"""Real seconds between two heartbeats."""

LATE = 0.25
"""Real seconds by which a heartbeat may be late: a busy loop of a small Pi is late by 0.05."""

CATCH_UP = 1.0
"""Real seconds after a pause in which what waited unread in sockets may still be coming in: the
kernel's buffers are read within milliseconds, what a sender held back follows at once."""


class Heartbeat:
    """Notices that this process did not run for a while.

    Args:
        clock: tells the moments.
        pace: real time, in which the heart beats.
        speed: how many seconds of `clock` pass in a real one.
    """

    def __init__(self, clock: Clock, pace: Clock, *, speed: float = 1.0) -> None:
        self.speed = speed
        self._clock = clock
        self._pace = pace
        self._last = pace.now()

    def pause(self) -> tuple[float, float] | None:
        """Since when and until when this process did not run, if that ended just now.

        To be called before anything is stamped that may have waited meanwhile. A pause is told
        once; it may have begun up to a beat later than is said.
        """
        before, self._last = self._last, self._pace.now()
        passed = self._last - before
        if passed <= BEAT + LATE:
            return None
        now = self._clock.now()
        return now - passed * self.speed, now

    async def run(self, beat: Callable[[], object]) -> NoReturn:
        """Call `beat`, which calls `pause`, again and again until cancelled.

        It is the loop's timer that calls: after a pause it comes before every task that waited for
        something to be read.
        """
        loop = asyncio.get_running_loop()
        failed: asyncio.Future[NoReturn] = loop.create_future()

        def again() -> None:
            if failed.done():
                return
            try:
                beat()
            except Exception as error:  # noqa: BLE001 - whoever waits for `run` gets it
                failed.set_exception(error)
            loop.call_later(BEAT, again)

        loop.call_later(BEAT, again)
        await failed
        raise AssertionError("unreachable")


async def running_for(clock: Clock, seconds: float) -> None:
    """Wait `seconds` in which this process runs: while it does not, nothing can come.

    A tenth of them, or LATE, that takes longer than it should is waited for again. So whatever
    waited to be read has been read when the time is up.
    """
    part = max(LATE, seconds / 10)
    while seconds > 0:
        step, began = min(part, seconds), clock.now()
        await clock.sleep(step)
        if clock.now() - began <= step + LATE:
            seconds -= step


async def finishes_within(
    what: Coroutine[Any, Any, object], clock: Clock, *, within: float
) -> bool:
    """Whether something ends within so many seconds of a clock's time; if not, it is cancelled.

    Seconds in which this process did not run do not count.
    """
    async with asyncio.TaskGroup() as tasks:
        coming = tasks.create_task(what)
        late = tasks.create_task(running_for(clock, within))
        await asyncio.wait({coming, late}, return_when=asyncio.FIRST_COMPLETED)
        coming.cancel()
        late.cancel()
    return not coming.cancelled()


STEPPED = 1.0
"""Seconds by which the system clock must differ from ours to have been set. Time servers slew what
is less, and slewing moves the monotonic clock too."""


NAP = 1.0
"""Seconds of one piece of a long sleep. The loop's timers stand still while the machine sleeps."""


def _uptime() -> float:
    """Seconds that were never set, those in which the machine slept included."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()  # noqa: TID251 - the one home; not Linux, where sleep is not counted


class SystemClock:
    """The time of this machine."""

    def __init__(self) -> None:
        self._offset = time.time() - _uptime()  # noqa: TID251 - the one home

    @property
    def offset(self) -> float:
        """What it says beyond the machine's uptime: another one after the clock was set."""
        return self._offset

    def now(self) -> float:
        """Seconds since the Unix epoch, counted on by the monotonic clock."""
        return self._offset + _uptime()

    def correct(self) -> float:
        """Follow the system clock if it was set; return by how many seconds `now` jumped."""
        by = time.time() - _uptime() - self._offset  # noqa: TID251 - the one home
        if abs(by) < STEPPED:
            return 0.0
        self._offset += by
        return by

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of real time, those included in which the machine itself sleeps."""
        until, left = _uptime() + seconds, max(0.0, seconds)
        await asyncio.sleep(min(left, NAP))
        while (left := until - _uptime()) > 0:  # noqa: ASYNC110 - it is time that is waited for
            await asyncio.sleep(min(left, NAP))


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

    @property
    def offset(self) -> float:
        """That of the real clock beneath."""
        return self._real.offset

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
