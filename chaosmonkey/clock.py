"""Clocks are passed in: no code looks up the time by itself.

A moment is a float: seconds since the Unix epoch. A clock reads the system clock once, when it is
made, and then counts with the monotonic clock, so that correcting the time of a Pi without a
battery-backed clock neither loses nor invents a second in the middle of an outage. When the system
clock was set, the runtime chooses a moment to call `SystemClock.correct`, and publishes by how much
every kept moment must shift (`ClockStepped`).

A process may be paused: stopped by a signal, asleep with its machine, or held up in its loop. What
happened meanwhile is read late; `Heartbeat` notices a pause, and `running_for` does not count it.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, Protocol


class Clock(Protocol):
    """A source of moments that can also wait."""

    def now(self) -> float:
        """Seconds since the Unix epoch; goes backwards only in a correction."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock's time; zero or less yields to other tasks once."""
        ...


BEAT = 0.1
"""Real seconds between two heartbeats."""

LATE = 0.25
"""Real seconds by which a heartbeat may be late: a busy loop of a small Pi is late by 0.05."""

CATCH_UP = 1.0
"""Real seconds after a pause in which data that waited in sockets may still arrive: the kernel's
buffers are read within milliseconds, and what a sender held back follows at once."""


class Heartbeat:
    """Notices when this process was paused.

    Args:
        clock: stamps the pauses.
        pace: real time, for the interval of the beats.
        speed: how many seconds of `clock` pass in a real one.
    """

    def __init__(self, clock: Clock, pace: Clock, *, speed: float = 1.0) -> None:
        self.speed = speed
        self._clock = clock
        self._pace = pace
        self._last = pace.now()

    def pause(self) -> tuple[float, float] | None:
        """The begin and end of a pause that ended just now, else None.

        Call it before stamping anything that may have waited meanwhile. Each pause is returned
        once; it may have begun up to one beat later than returned.
        """
        before, self._last = self._last, self._pace.now()
        passed = self._last - before
        if passed <= BEAT + LATE:
            return None
        now = self._clock.now()
        return now - passed * self.speed, now

    async def run(self, beat: Callable[[], object]) -> NoReturn:
        """Call `beat`, which calls `pause`, at every beat until cancelled.

        The loop's timer calls it, so that after a pause it runs before every task that waited for
        data.
        """
        loop = asyncio.get_running_loop()
        failed: asyncio.Future[NoReturn] = loop.create_future()

        def beat_again() -> None:
            if failed.done():
                return
            try:
                beat()
            except Exception as error:  # noqa: BLE001 - the caller of `run` gets it
                failed.set_exception(error)
            loop.call_later(BEAT, beat_again)

        loop.call_later(BEAT, beat_again)
        await failed
        raise AssertionError("unreachable")


async def running_for(clock: Clock, seconds: float) -> None:
    """Wait for `seconds` in which this process runs, because while paused it receives nothing.

    The time is waited in steps of a tenth, or of LATE; a step that took too long is repeated, so
    that data that waited has been read when the time is up.
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
    """Whether `what` finishes within seconds of a clock's time; if not, it is cancelled.

    Pauses of this process do not count.
    """
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(what)
        late = tasks.create_task(running_for(clock, within))
        await asyncio.wait({work, late}, return_when=asyncio.FIRST_COMPLETED)
        work.cancel()
        late.cancel()
    return not work.cancelled()


STEPPED = 1.0
"""Seconds of difference from the system clock that mean it was set. Time servers slew smaller
ones, and slewing moves the monotonic clock too."""


NAP = 1.0
"""Seconds of one step of a long sleep, because the loop's timers stop while the machine sleeps."""


def _uptime() -> float:
    """Seconds since the machine started, including those in which it slept."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()  # noqa: TID251 - the one home; not Linux, where sleep is not counted


class SystemClock:
    """The time of this machine."""

    def __init__(self) -> None:
        self._offset = time.time() - _uptime()  # noqa: TID251 - the one home

    @property
    def offset(self) -> float:
        """Its time minus the machine's uptime; changes when a correction is followed."""
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
        """Wait `seconds` of real time, including those in which the machine sleeps."""
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
        """The offset of the underlying real clock."""
        return self._real.offset

    def now(self) -> float:
        """Seconds since the Unix epoch, in this clock's faster time."""
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
        """Advance time while nothing runs, as if the process had been stopped."""
        self._now += seconds

    async def advance(self, seconds: float) -> None:
        """Advance time and wake, in order, every task whose sleep ends by then."""
        until = self._now + seconds
        await _run_ready_tasks()
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, woken = heapq.heappop(self._sleepers)
            self._now = max(self._now, at)
            if not woken.done():
                woken.set_result(None)
            await _run_ready_tasks()
        self._now = until


async def _run_ready_tasks() -> None:
    """Give tasks that became ready a few turns of the loop."""
    for _ in range(20):
        await asyncio.sleep(0)
