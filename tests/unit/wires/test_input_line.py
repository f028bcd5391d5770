"""A line settles, and is told with the moment of its first edge."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from chaosmonkey.clock import ManualClock
from chaosmonkey.errors import PlugFailed
from chaosmonkey.wires import SETTLE, InputLine
from chaosmonkey.wires.input_line import POLL_EVERY
from chaosmonkey.wires.pins import mock_factory


class Watched:
    """One line on a pretend pin, and what was told of it."""

    def __init__(self, *, pull_up: bool = False) -> None:
        self.clock = ManualClock()
        self.factory: MockFactory = mock_factory()
        self.line = InputLine(17, self.factory, pull_up=pull_up, clock=self.clock, pace=self.clock)
        self.reported: list[tuple[bool | None, float]] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Watched"]:
        async with asyncio.TaskGroup() as tasks:
            run = tasks.create_task(self.line.run(lambda *change: self.reported.append(change)))
            await self.clock.advance(1)
            yield self
            run.cancel()
        self.line.close()

    async def drive(self, high: bool, then: float = 0.0) -> float:
        """The level changes; returns when, and time passes."""
        at = self.clock.now()
        pin = self.factory.pin("GPIO17")
        (pin.drive_high if high else pin.drive_low)()
        await self.clock.advance(then)
        return at


async def test_the_level_at_first_is_told_as_soon_as_it_has_settled() -> None:
    async with Watched().running() as line:
        assert [high for high, _ in line.reported] == [False]


async def test_a_change_is_told_once_with_the_moment_of_its_first_edge() -> None:
    async with Watched().running() as line:
        first = await line.drive(True, 0.001)
        for high in (False, True, False, True):
            await line.drive(high, 0.002)
        assert len(line.reported) == 1, "told while it bounces"
        await line.clock.advance(SETTLE)
        assert line.reported[1:] == [(True, first)]


async def test_a_spike_that_does_not_last_is_not_told() -> None:
    async with Watched().running() as line:
        await line.drive(True, 0.001)
        await line.drive(False, 1)
        assert len(line.reported) == 1


async def test_after_a_spike_the_next_change_has_its_own_moment() -> None:
    async with Watched().running() as line:
        await line.drive(True, 0.001)
        await line.drive(False, 1)
        at = await line.drive(True, 1)
        assert line.reported[1:] == [(True, at)]


async def test_a_line_that_is_pulled_up_is_high_when_nobody_touches_it() -> None:
    async with Watched(pull_up=True).running() as line:
        assert [high for high, _ in line.reported] == [True]


def test_a_line_that_somebody_else_uses_is_an_error_with_its_number() -> None:
    first = Watched()
    with pytest.raises(PlugFailed, match="The input 17 is not usable"):
        InputLine(17, first.factory, pull_up=False, clock=first.clock, pace=first.clock)


async def test_a_line_that_does_not_come_to_rest_is_unknown_and_then_what_it_rests_at() -> None:
    async with Watched().running() as line:
        first = line.clock.now()
        for _ in range(40):
            await line.drive(True, 0.0125)
            last = await line.drive(False, 0.0125)
        assert line.reported[1:] == [(None, first)]
        assert not line.line.settled
        await line.clock.advance(1)
        assert line.reported[2:] == [(False, last)]
        assert line.line.settled


async def test_a_line_that_rests_for_a_moment_between_its_spikes_is_unknown_too() -> None:
    async with Watched().running() as line:
        for _ in range(20):
            await line.drive(False, 0.045)
            await line.drive(True, 0.005)
        assert line.reported[-1][0] is None


async def test_presses_that_follow_each_other_are_no_restlessness() -> None:
    async with Watched().running() as line:
        for _ in range(4):
            await line.drive(True, 0.15)
            await line.drive(False, 0.15)
        assert [high for high, _ in line.reported] == [False, *[True, False] * 4]


async def test_a_line_that_cannot_be_read_is_unknown_without_an_edge() -> None:
    async with Watched().running() as line:
        pin = line.factory.pin("GPIO17")
        pin.age = float("inf")
        await line.clock.advance(POLL_EVERY)
        assert [high for high, _ in line.reported] == [False, None]
        assert not line.line.settled
        pin.age = 0.0
        at = line.clock.now()
        await line.clock.advance(POLL_EVERY)
        ((high, since),) = line.reported[2:]
        assert (high, at <= since <= line.clock.now()) == (False, True)


async def test_a_line_that_was_never_read_is_unknown_after_a_second_and_not_before() -> None:
    """An expander needs a moment to answer at first: that is no torn cable, and so no HALT."""
    for answers_after, reported in ((0.5, [True]), (2.0, [None, True])):
        line = Watched(pull_up=True)
        pin = line.factory.pin("GPIO17")
        pin.age = float("inf")
        async with asyncio.TaskGroup() as tasks:
            run = tasks.create_task(line.line.run(lambda *change: line.reported.append(change)))  # noqa: B023
            await line.clock.advance(answers_after)
            pin.age = 0.0
            await line.clock.advance(1)
            run.cancel()
        assert [high for high, _ in line.reported] == reported


async def test_a_pin_that_raises_what_only_its_factory_knows_is_unknown() -> None:
    class Raises(MockPin):  # type: ignore[misc] # gpiozero is untyped
        broken = False

        def _get_state(self) -> int:
            if self.broken:
                raise LookupError("a GPIO chip that went away")
            state: int = super()._get_state()
            return state

    clock = ManualClock()
    factory = MockFactory(pin_class=Raises)
    line = InputLine(17, factory, pull_up=True, clock=clock, pace=clock)
    assert line.high is True
    factory.pin("GPIO17").broken = True
    assert line.high is None
    line.close()


def test_a_line_that_the_kernel_says_is_busy_is_an_error_with_its_number() -> None:
    """lgpio raises an error of its own, which is none of gpiozero's."""

    class Busy(MockPin):  # type: ignore[misc] # gpiozero is untyped
        def __init__(self, factory: MockFactory, info: object) -> None:
            raise RuntimeError("'GPIO busy'")

    with pytest.raises(PlugFailed, match="The input 17 is not usable: 'GPIO busy'"):
        InputLine(
            17, MockFactory(pin_class=Busy), pull_up=True, clock=ManualClock(), pace=ManualClock()
        )
