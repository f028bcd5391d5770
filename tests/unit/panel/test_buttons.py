"""A press counts while its line is read, at rest and in time; after a gap it begins again."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NoReturn

import pytest

from chaosmonkey.clock import ManualClock
from chaosmonkey.panel.buttons import GAP, STEP, HoldButton
from chaosmonkey.wires import ReportLevel

HOLD = 1.5


class Line:
    """A button's line, as it is read."""

    def __init__(self) -> None:
        self.high: bool | None = True
        self.settled = True
        self.age = 0.0
        self.report: ReportLevel

    async def run(self, report: ReportLevel) -> NoReturn:
        self.report = report
        report(self.high, 0.0)
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


class Hand:
    """A hand at a button, and what came of it."""

    def __init__(self, clock: ManualClock) -> None:
        self.line = Line()
        self.clock = clock
        self.held = 0
        self.holding: list[bool] = []

    async def reads(self, high: bool | None, then: float = 0.0) -> None:
        """The line has another level, and time passes."""
        self.line.high = high
        self.line.report(high, 0.0)
        await self.clock.advance(then)

    def was_held(self) -> None:
        self.held += 1


@asynccontextmanager
async def button() -> AsyncIterator[Hand]:
    clock = ManualClock()
    hand = Hand(clock)
    watched = HoldButton(
        hand.line, hold=HOLD, pace=clock, holding=hand.holding.append, held=hand.was_held
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(watched.run())
        await clock.advance(0.1)
        yield hand
        running.cancel()


async def test_a_press_that_is_read_for_long_enough_is_held_once() -> None:
    async with button() as hand:
        await hand.reads(False, HOLD + STEP + 0.01)
        assert (hand.held, hand.holding) == (1, [True, False])
        await hand.reads(False, 10)
        assert hand.held == 1


async def test_after_a_gap_the_button_must_be_let_go_before_a_press_counts() -> None:
    async with button() as hand:
        await hand.reads(False, 0.4)
        await hand.reads(None, 0.4)
        assert hand.holding == [True, False]
        await hand.reads(False, 10)
        assert hand.held == 0
        await hand.reads(True, 0.1)
        await hand.reads(False, HOLD + STEP + 0.01)
        assert hand.held == 1


def stale(line: Line) -> None:
    line.age = GAP + 0.01


def never_read(line: Line) -> None:
    line.age = math.inf


def unreadable(line: Line) -> None:
    line.high = None


def bouncing(line: Line) -> None:
    line.settled = False


def let_go_unnoticed(line: Line) -> None:
    line.high = True


@pytest.mark.parametrize("spoil", [stale, never_read, unreadable, bouncing, let_go_unnoticed])
async def test_what_is_not_read_as_pressed_now_is_not_held(spoil: Callable[[Line], None]) -> None:
    """Though nothing has been told yet: the bus was torn just now."""
    async with button() as hand:
        await hand.reads(False, 0.4)
        spoil(hand.line)
        await hand.clock.advance(10)
        assert hand.held == 0


async def test_the_last_reading_must_be_later_than_the_end_of_the_hold() -> None:
    """A bus that got stuck a moment before says what was, not what is."""
    async with button() as hand:
        await hand.reads(False, HOLD - STEP)
        hand.line.age = 2 * STEP
        await hand.clock.advance(STEP + 0.01)
        assert hand.held == 0
        hand.line.age = math.inf
        await hand.clock.advance(10)
        assert hand.held == 0


async def test_a_press_during_which_the_process_stood_still_is_not_held() -> None:
    """SIGSTOP, or a loop that was late: all its timers come due at once, and a hand may be gone."""
    async with button() as hand:
        await hand.reads(False, 0.4)
        hand.clock.skip(HOLD)
        await hand.clock.advance(10)
        assert (hand.held, hand.holding) == (0, [True, False])


async def test_a_bounce_at_the_end_of_the_hold_puts_it_off_until_it_rests() -> None:
    async with button() as hand:
        await hand.reads(False, HOLD - STEP)
        hand.line.settled = False
        await hand.clock.advance(2 * STEP)
        assert hand.held == 0
        hand.line.settled = True
        await hand.clock.advance(2 * STEP)
        assert hand.held == 1
