"""What every plug promises, kept by every driver: real processes, gpiozero's own pretend pins."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chaosmonkey.clock import ManualClock, SystemClock
from chaosmonkey.config import CommandPlug, GpioPlug
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import Feed, FeedKind
from chaosmonkey.plugs import Plug, VerifiedPlug
from chaosmonkey.plugs.command import ProgramPlug
from chaosmonkey.plugs.gpio import RelayPlug
from chaosmonkey.plugs.pins import mock_factory

Make = Callable[[], Plug]


def relay(contact: str, *, active_high: bool) -> Make:
    factory = mock_factory()

    def make() -> Plug:
        factory.reset()
        settings = GpioPlug(driver="gpio", pin=17, contact=contact, active_high=active_high)
        return RelayPlug(settings, factory)

    return make


def program(folder: Path) -> Make:
    state = folder / "state"
    state.write_text("on\n")

    def make() -> Plug:
        settings = CommandPlug(
            driver="command",
            cut=("sh", "-c", f"echo off > {state}"),
            restore=("sh", "-c", f"echo on > {state}"),
            read=("cat", str(state)),
            timeout=5,
        )
        return ProgramPlug(settings, machine="node3", node="node3")

    return make


@pytest.fixture(params=["NC high", "NC low", "NO high", "NO low", "command"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    if request.param == "command":
        return program(tmp_path)
    contact, level = request.param.split()
    return relay(contact, active_high=level == "high")


async def test_a_plug_is_on_when_it_is_opened(make: Make) -> None:
    assert await make().read() is Feed.ON


async def test_it_reads_what_it_was_switched_to_and_may_be_told_twice(make: Make) -> None:
    plug = make()
    for on in (False, False, True, True, False):
        await plug.switch(on=on)
        assert await plug.read() is (Feed.ON if on else Feed.OFF)


async def test_closing_leaves_the_feed_on(make: Make) -> None:
    plug = make()
    await plug.switch(on=False)
    await plug.close()
    assert await plug.read() in (Feed.ON, Feed.UNKNOWN)  # a released line can no longer be read


async def test_closing_twice_is_no_error(make: Make) -> None:
    plug = make()
    await plug.close()
    await plug.close()


async def test_a_new_process_restores_what_the_one_before_it_left_cut(make: Make) -> None:
    await make().switch(on=False)
    successor = make()
    await successor.switch(on=True)
    assert await successor.read() is Feed.ON


async def test_two_commands_at_once_end_in_the_state_of_the_later_one(make: Make) -> None:
    plug = VerifiedPlug(
        make(), machine="node3", feed=FeedKind.POWER, device=asyncio.Lock(), clock=SystemClock()
    )
    await asyncio.gather(plug.switch(on=False), plug.switch(on=True))
    assert await plug.read() is Feed.ON
    await asyncio.gather(plug.switch(on=True), plug.switch(on=False))
    assert await plug.read() is Feed.OFF


# --- what only programs do ----------------------------------------------------------------------


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def broken(**values: object) -> ProgramPlug:
    fine = {"cut": ("true",), "restore": ("true",), "read": ("echo", "on"), "timeout": 5.0}
    settings = CommandPlug(driver="command", **(fine | values))
    return ProgramPlug(settings, machine="node3", node="worker-3")


async def test_a_program_that_fails_says_so_with_its_own_words() -> None:
    plug = broken(cut=python("import sys; sys.exit('no such outlet')"))
    with pytest.raises(PlugFailed, match="exited with 1: no such outlet"):
        await plug.switch(on=False)


async def test_a_program_that_hangs_is_killed_after_its_time() -> None:
    plug = broken(cut=("sleep", "60"), timeout=0.05)
    with pytest.raises(PlugFailed, match=r"did not end within 0\.05 s"):
        await plug.switch(on=False)


async def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(PlugFailed, match="no-such-program"):
        await broken(read=("no-such-program",)).read()


async def test_what_is_neither_on_nor_off_is_unknown() -> None:
    assert await broken(read=("echo", "maybe")).read() is Feed.UNKNOWN
    assert await broken(read=("true",)).read() is Feed.UNKNOWN


async def test_arguments_are_filled_in_and_never_seen_by_a_shell() -> None:
    plug = broken(read=("echo", "{machine}; {node} off"))
    assert await plug.read() is Feed.OFF
    plug = broken(read=("echo", "$(echo on)"))
    assert await plug.read() is Feed.UNKNOWN


async def test_a_cancelled_command_leaves_no_process_behind(tmp_path: Path) -> None:
    late = tmp_path / "late"
    plug = broken(cut=("sh", "-c", f"sleep 0.3; touch {late}"))
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(plug.switch(on=False))
        await asyncio.sleep(0.1)
        task.cancel()
    await asyncio.sleep(0.4)
    assert not late.exists()


# --- switching that is known to have happened -----------------------------------------------------


class Device:
    """A plug that does what a test wants: slow, lying, or broken."""

    def __init__(self, *, answers: list[Feed] | None = None, deaf: bool = False) -> None:
        self.state = Feed.ON
        self.answers = answers or []
        self.deaf = deaf
        self.switched: list[bool] = []

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:
        self.switched.append(on)
        if not self.deaf:
            self.state = Feed.ON if on else Feed.OFF

    async def read(self) -> Feed:
        return self.answers.pop(0) if self.answers else self.state

    async def close(self) -> None:
        await self.switch(on=True)


def verified(device: Device, clock: ManualClock) -> VerifiedPlug:
    return VerifiedPlug(
        device, machine="node3", feed=FeedKind.POWER, device=asyncio.Lock(), clock=clock
    )


async def test_the_moment_is_that_of_the_reading_not_of_the_command() -> None:
    clock = ManualClock()
    began = clock.now()
    device = Device(answers=[Feed.ON, Feed.ON, Feed.ON, Feed.OFF])
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
    device = Device(answers=[Feed.UNKNOWN] * 200)
    async with asyncio.TaskGroup() as tasks:
        switching = tasks.create_task(_failure(verified(device, clock).switch(on=True)))
        await clock.advance(21)
    assert "reads unknown" in switching.result()
    assert device.switched == [True]


async def _failure(work: object) -> str:
    with pytest.raises(PlugFailed) as caught:
        await work
    return str(caught.value)
