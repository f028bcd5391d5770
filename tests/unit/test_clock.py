"""One clock: set right when the system clock is, and counted on by the monotonic one in between."""

from __future__ import annotations

import asyncio

import pytest

from chaosmonkey import clock as clocks
from chaosmonkey.clock import (
    BEAT,
    LATE,
    Heartbeat,
    ManualClock,
    SystemClock,
    finishes_within,
    running_for,
)


class Machine:
    """A machine's two clocks."""

    def __init__(self) -> None:
        self.wall, self.up = 10.0, 5.0

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.up += seconds

    def time(self) -> float:
        return self.wall

    CLOCK_BOOTTIME = 7

    def clock_gettime(self, which: int) -> float:
        assert which == self.CLOCK_BOOTTIME
        return self.up


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(clocks, "time", machine)
    return machine


def test_a_system_clock_that_is_set_moves_nothing_until_it_is_taken_over(machine: Machine) -> None:
    clock = SystemClock()
    machine.passes(30)
    machine.wall = 1_700_000_000.0
    machine.passes(2)
    assert clock.now() == 42.0
    assert clock.correct() == pytest.approx(1_700_000_002.0 - 42.0)
    assert clock.now() == pytest.approx(1_700_000_002.0)
    assert clock.correct() == 0.0


def test_what_a_time_server_slews_is_no_step(machine: Machine) -> None:
    clock = SystemClock()
    machine.wall += 0.9
    assert clock.correct() == 0.0
    assert clock.now() == 10.0


def test_it_follows_backwards_too(machine: Machine) -> None:
    clock = SystemClock()
    machine.wall -= 7200
    assert clock.correct() == -7200


class Stopped(ManualClock):
    """A clock under a process that is stopped for a while at its n-th sleep."""

    def __init__(self, *, at: int, seconds: float) -> None:
        super().__init__(0.0)
        self._left, self._stopped = at, seconds

    async def sleep(self, seconds: float) -> None:
        self._left -= 1
        await self.advance(seconds + (self._stopped if self._left == 0 else 0.0))


@pytest.mark.parametrize("number", [1, 4, 10])
async def test_patience_does_not_run_out_while_this_process_does_not_run(number: int) -> None:
    clock = Stopped(at=number, seconds=60.0)
    await running_for(clock, 5.0)
    assert clock.now() == pytest.approx(5.0 + 60.0 + 0.5)


async def test_what_waits_to_be_read_when_we_run_again_has_come_in_time() -> None:
    """Stopped in the very last moment of the patience; what is read after it needs a moment."""
    clock = Stopped(at=10, seconds=60.0)
    news = asyncio.Event()

    async def read() -> None:
        while clock.now() < 60.0:
            await asyncio.sleep(0)
        news.set()

    assert await finishes_within(read(), clock, within=5.0)
    assert news.is_set()


async def test_a_heartbeat_that_is_late_tells_the_pause_once() -> None:
    clock, pace = ManualClock(1000.0), ManualClock(0.0)
    heart = Heartbeat(clock, pace, speed=20.0)
    await pace.advance(BEAT + LATE)
    assert heart.pause() is None
    await pace.advance(12.0)
    await clock.advance(240.0)
    assert heart.pause() == (1000.0, 1240.0)
    assert heart.pause() is None


def test_a_machine_that_sleeps_counts_the_time(machine: Machine) -> None:
    """The clock that counts on is the one that goes on in a suspended machine: nothing was set."""
    clock = SystemClock()
    machine.passes(3600)
    assert clock.correct() == 0.0
    assert clock.now() == 3610.0
