"""Switching that is known to have happened, with a device that does what a test wants."""

import asyncio
import ssl
from collections.abc import Awaitable

import pytest

from chaosmonkey.clock import ManualClock
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedKind, FeedState
from chaosmonkey.plugs import DeviceLock, VerifiedPlug


class Device:
    """A plug that does what a test wants: slow, lying, or broken."""

    def __init__(self, *, answers: list[FeedState] | None = None, deaf: bool = False) -> None:
        self.state = FeedState.ON
        self.answers = answers or []
        self.deaf = deaf
        self.in_flight = 0.0
        self.remark = ""
        self.away = 0
        self.switched: list[bool] = []

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:
        self.switched.append(on)
        if not self.deaf:
            self.state = FeedState.ON if on else FeedState.OFF

    async def read(self) -> FeedState:
        if self.away:
            self.away -= 1
            raise PlugFailed("no answer")
        return self.answers.pop(0) if self.answers else self.state

    async def close(self) -> None:
        await self.switch(on=True)


def verified(device: Device, clock: ManualClock) -> VerifiedPlug:
    return VerifiedPlug(
        device, machine="node3", feed=FeedKind.POWER, device=DeviceLock(), clock=clock
    )


async def test_the_moment_is_that_of_the_reading_not_of_the_command() -> None:
    clock = ManualClock()
    began = clock.now()
    device = Device(answers=[FeedState.ON, FeedState.ON, FeedState.ON, FeedState.OFF])
    async with asyncio.TaskGroup() as tasks:
        switching = tasks.create_task(verified(device, clock).switch(on=False))
        await clock.advance(1)
    assert switching.result() - began == 0.5


async def test_a_device_that_is_there_already_is_not_switched_again() -> None:
    device = Device()
    await verified(device, ManualClock()).switch(on=True)
    assert device.switched == []


async def test_a_device_that_lies_is_found_out() -> None:
    clock, plug = ManualClock(), Device(deaf=True)
    async with asyncio.TaskGroup() as tasks:
        switching = tasks.create_task(_failure(verified(plug, clock).switch(on=False)))
        await clock.advance(21)
    assert "switched off, but reads on after 20 s" in switching.result()


async def test_unknown_is_neither_on_nor_off() -> None:
    clock = ManualClock()
    device = Device(answers=[FeedState.UNKNOWN] * 200)
    async with asyncio.TaskGroup() as tasks:
        switching = tasks.create_task(_failure(verified(device, clock).switch(on=True)))
        await clock.advance(21)
    assert "reads unknown" in switching.result()
    assert device.switched == [True]


async def _failure(work: Awaitable[object]) -> str:
    with pytest.raises(PlugFailed) as caught:
        await work
    return str(caught.value)


async def test_a_reading_that_fails_is_tried_again_until_the_time_is_up() -> None:
    clock, device = ManualClock(), Device()
    plug = verified(device, clock)
    device.away = 3
    async with asyncio.TaskGroup() as tasks:
        switching = tasks.create_task(plug.switch(on=False, back_in=60))
        await clock.advance(1)
    assert switching.done()
    device.away = 1000
    async with asyncio.TaskGroup() as tasks:
        failing = tasks.create_task(_failure(plug.switch(on=True, back_in=60)))
        await clock.advance(21)
    assert "no answer" in failing.result()


async def test_after_a_command_that_was_cut_short_no_reading_is_trusted_before_the_next() -> None:
    """The command may still be under way: a reading of "on" would prove nothing."""
    clock, device = ManualClock(), Device(answers=[FeedState.ON, FeedState.ON, FeedState.ON])
    plug = verified(device, clock)
    async with asyncio.TaskGroup() as tasks:
        cutting = tasks.create_task(plug.switch(on=False))
        await clock.advance(0.1)
        cutting.cancel()
    await plug.switch(on=True)
    await plug.switch(on=True)
    assert device.switched == [False, True]


async def test_a_timer_is_set_even_if_the_feed_is_off_already() -> None:
    device = Device()
    device.state = FeedState.OFF
    await verified(device, ManualClock()).switch(on=False, back_in=60)
    assert device.switched == [False]


@pytest.mark.parametrize(
    "surprise",
    [
        RecursionError("maximum recursion depth exceeded"),
        UnicodeEncodeError("latin-1", "\udcff", 0, 1, "surrogates not allowed"),
        MemoryError(),
        KeyError("relays"),
        ssl.SSLError("wrong version number"),
        AssertionError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_a_driver_raises_is_a_failure_of_its_plug(surprise: Exception) -> None:
    class Mad(Device):
        async def read(self) -> FeedState:
            raise surprise

        async def switch(self, *, on: bool, back_in: float | None = None) -> None:
            raise surprise

    plug = verified(Mad(), ManualClock())
    for work in (plug.read(), plug.switch(on=False, back_in=60), plug.close()):
        assert type(surprise).__name__ in await _failure(work)
    assert plug.last is FeedState.UNKNOWN


async def test_a_command_does_not_wait_for_a_reading_that_hangs() -> None:
    clock, device, lock = ManualClock(), Device(), DeviceLock()

    class Hanging(Device):
        async def read(self) -> FeedState:
            await asyncio.Event().wait()
            raise AssertionError

    slow = VerifiedPlug(Hanging(), machine="node1", feed=FeedKind.POWER, device=lock, clock=clock)
    quick = VerifiedPlug(device, machine="node2", feed=FeedKind.POWER, device=lock, clock=clock)
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(_failure(slow.read()))
        await clock.advance(0)
        await quick.switch(on=False)
    assert "cancelled by a command" in reading.result()
    assert device.state is FeedState.OFF


async def test_a_cut_that_was_cut_short_may_arrive_for_as_long_as_its_driver_says() -> None:
    clock, device = ManualClock(), Device(answers=[FeedState.ON] * 9)
    device.in_flight = 7.0
    plug = verified(device, clock)
    async with asyncio.TaskGroup() as tasks:
        cutting = tasks.create_task(plug.switch(on=False))
        await clock.advance(0.1)
        assert plug.late_until < clock.now()
        cutting.cancel()
    assert plug.late_until == clock.now() + 7.0
    before = plug.late_until
    await plug.switch(on=True)
    assert plug.late_until == before  # being on now proves nothing of what is on its way


async def test_a_device_that_cannot_be_read_is_turned_on_all_the_same() -> None:
    device = Device()
    device.state, device.away = FeedState.OFF, 1
    await verified(device, ManualClock()).switch(on=True)
    assert device.switched == [True]


async def test_what_the_device_tells_of_itself_is_part_of_the_failure_and_of_the_reading() -> None:
    clock, device = ManualClock(), Device(deaf=True)
    device.state, device.remark = FeedState.OFF, "The Shelly cut itself off (overpower)."
    plug = verified(device, clock)
    async with asyncio.TaskGroup() as tasks:
        switching = tasks.create_task(_failure(plug.switch(on=True)))
        await clock.advance(21)
    assert "but reads off after 20 s. The Shelly cut itself off" in switching.result()
    assert plug.remark == device.remark
    device.away = 1
    with pytest.raises(PlugFailed):
        await plug.read()
    assert plug.remark == "no answer"
