"""Whatever ends after a while ends after that while, although the system clock is set meanwhile."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from chaosmonkey.access import Rate, Rates, Sessions, TooMany
from chaosmonkey.access.sessions import LASTS
from chaosmonkey.audience.rounds import Mode, RoundState, TurnState
from chaosmonkey.clock import ManualClock
from chaosmonkey.control.arming import Arming
from chaosmonkey.control.cooldown import Cooldowns
from chaosmonkey.control.inrush import Inrush
from chaosmonkey.model import ClockStepped, CutShort, FeedKind, FeedState
from chaosmonkey.plugs import DeviceLock, VerifiedPlug
from chaosmonkey.sensors import Reading
from chaosmonkey.sensors.polled import PolledSensor
from chaosmonkey.store import Journal, JournalEntry, PendingWrites, Timebase, open_database
from tests.sure import sure
from tests.unit.audience.conftest import Hall
from tests.unit.control._table import Device, Diary
from tests.unit.outage._scene import Scene

HOUR = 3600.0


class Wall(ManualClock):
    """A clock that may be set: those who wait go on waiting for as long as before."""

    def __init__(self) -> None:
        super().__init__()
        self._began = self.now()

    def set(self, by: float) -> None:
        self._now += by
        self._began += by
        self._sleepers = [(at + by, order, woken) for at, order, woken in self._sleepers]

    @property
    def passed(self) -> float:
        """Seconds that passed in truth, however it was set."""
        return self.now() - self._began


class Kind:
    """Something that lasts for `seconds`: tell it of a step, ask whether it is over."""

    def __init__(
        self, seconds: float, stepped: Callable[[float], object], is_over: Callable[[], object]
    ) -> None:
        self.seconds, self.stepped, self.is_over = seconds, stepped, is_over


def session(clock: Wall, folder: Path) -> Kind:
    sessions = Sessions(b"k" * 32, folder, clock)
    cookie = sessions.open("token")
    return Kind(LASTS, sessions.clock_stepped, lambda: sessions.recognise(cookie) is None)


def arming(clock: Wall, _: Path) -> Kind:
    switch = Arming(Diary([]), PendingWrites(clock), clock, lasts=300.0, changed=lambda: None)
    switch.arm()

    def is_over() -> bool:
        switch.tick()
        return not switch.safety.is_armed(clock.now())

    return Kind(300.0, switch.clock_stepped, is_over)


def rest(clock: Wall, _: Path) -> Kind:
    cooldowns = Cooldowns(Diary([]), clock, 60.0)
    cooldowns.begin("node3")
    return Kind(
        60.0, cooldowns.clock_stepped, lambda: clock.now() >= sure(cooldowns.until("node3"))
    )


def late_command(clock: Wall, _: Path) -> Kind:
    device = Device("node3", [], in_flight=20.0)
    plug = VerifiedPlug(
        device, machine="node3", feed=FeedKind.POWER, device=DeviceLock(), clock=clock
    )
    plug.expect_late_off()
    return Kind(20.0, plug.clock_stepped, lambda: clock.now() >= plug.late_until)


def vote(clock: Wall, _: Path) -> Kind:
    hall = Hall(clock)
    hall.open(Mode.VOTE, seconds=30)

    def is_over() -> bool:
        hall.current_round.tick()
        return hall.round.state is not RoundState.OPEN

    return Kind(30.0, hall.current_round.clock_stepped, is_over)


def turn_of_a_queue(clock: Wall, _: Path) -> Kind:
    hall = Hall(clock)
    hall.open(Mode.QUEUE)
    hall.enter("ana")
    hall.current_round.here(hall.round.id, "ana")

    def is_over() -> bool:
        hall.current_round.tick()
        return bool(hall.round.past) and hall.round.past[0].stage is TurnState.LATE

    return Kind(hall.round.patience, hall.current_round.clock_stepped, is_over)


def rate(clock: Wall, folder: Path) -> Kind:
    class Pace(ManualClock):
        def now(self) -> float:
            return clock.passed

    rates = Rates(Pace())
    for _ in range(Rate.PRESS.value[0]):
        rates.count(Rate.PRESS, "a")

    def is_over() -> bool:
        try:
            rates.count(Rate.PRESS, "a")
        except TooMany:
            return False
        return True

    return Kind(Rate.PRESS.value[1], lambda _: None, is_over)


KINDS = [session, arming, rest, late_command, vote, turn_of_a_queue, rate]


@pytest.mark.parametrize("by", [-HOUR, HOUR], ids=["back", "forth"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_it_lasts_as_long_as_before(
    tmp_path: Path, kind: Callable[[Wall, Path], Kind], by: float
) -> None:
    clock = Wall()
    it = kind(clock, tmp_path)
    await clock.advance(it.seconds / 2)
    assert not it.is_over()
    clock.set(by)
    it.stepped(by)
    await clock.advance(it.seconds / 2 - 0.5)
    assert not it.is_over()
    await clock.advance(1.0)
    assert it.is_over()


@pytest.mark.parametrize("by", [-HOUR, HOUR], ids=["back", "forth"])
async def test_a_machine_waits_for_its_turn_to_start_no_longer_than_before(by: float) -> None:
    clock = Wall()
    inrush = Inrush(clock, 2.0)
    await inrush.turn()
    clock.set(by)
    inrush.clock_stepped(by)
    async with asyncio.TaskGroup() as tasks:
        turn = tasks.create_task(inrush.turn())
        await clock.advance(1.9)
        assert not turn.done()
        await clock.advance(0.2)
        assert turn.done()


@pytest.mark.parametrize("by", [-HOUR, HOUR], ids=["back", "forth"])
async def test_a_polled_sensor_is_as_exact_as_before(by: float) -> None:
    class Probe:
        feed = FeedState.ON

        async def read(self) -> FeedState:
            return self.feed

    clock, pace, probe, told = Wall(), ManualClock(), Probe(), list[Reading]()
    sensor = PolledSensor(probe, interval=1.0, name="node3's", clock=clock, pace=pace)
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(sensor.run(told.append))
        await pace.advance(0.5)
        clock.set(by)
        probe.feed = FeedState.OFF
        await pace.advance(0.5)
        run.cancel()
    assert told[-1].within == pytest.approx(1.0)
    assert told[-1].since == pytest.approx(clock.now() - 1.0)


@pytest.mark.parametrize("by", [-HOUR, HOUR], ids=["back", "forth"])
def test_a_cut_that_was_given_up_is_known_as_ours_after_a_step(by: float) -> None:
    scene = Scene().wait(10)
    commanded = scene.now
    scene.silent.add("node3")
    scene.now += 1
    scene.tell(CutShort("node3", "node3", FeedKind.POWER, commanded, scene.now, "Ada"))
    scene.now += by
    scene.tell(ClockStepped(by, scene.now))
    scene.wait(9).node("node3", "Unknown")
    assert scene.outage.by == "Ada"


@pytest.mark.parametrize("by", [-HOUR, HOUR], ids=["back", "forth"])
async def test_a_journal_is_read_by_the_clock_of_now(tmp_path: Path, by: float) -> None:
    """A rest, HALT, and one of a clock that was wrong before: it counts as of the step."""
    clock = ManualClock(10_000.0)
    async with open_database(tmp_path, clock) as database:
        journal = Journal(database)
        for name, at in (("a", 9_000.0), ("b", 99_000.0)):
            await journal.write(JournalEntry(name, name, FeedKind.POWER, "x", at, at))
            await journal.clear(name, at)
        await journal.note_halt(9_500.0, "Ada")
        await journal.clock_stepped(by, 10_000.0)
        assert await journal.last_restored() == {"a": 9_000.0 + by, "b": 10_000.0 + by}
        assert await journal.halted() == (9_500.0 + by, "Ada")


def test_how_far_a_clock_was_set_between_two_runs_is_known_within_one_boot(tmp_path: Path) -> None:
    first = Timebase(tmp_path, boot="one")
    assert first.stepped(100.0) is None
    first.remember(100.0)
    assert Timebase(tmp_path, boot="one").stepped(100.2) == 0.0
    assert Timebase(tmp_path, boot="one").stepped(3700.0) == HOUR
    assert Timebase(tmp_path, boot="one", speed=20).stepped(100.0 - 2) == -40.0
    assert Timebase(tmp_path, boot="two").stepped(100.0) is None
    assert Timebase(tmp_path, boot="").stepped(100.0) is None


def test_a_session_that_was_ended_stays_ended_whatever_the_clock_says(tmp_path: Path) -> None:
    clock = Wall()
    sessions = Sessions(b"k" * 32, tmp_path, clock)
    left, other = sessions.open("token"), sessions.open("token")
    clock.set(-56 * 365 * 86_400.0)
    found = sessions.recognise(left)
    assert found is not None
    sessions.end(found)
    clock.set(56 * 365 * 86_400.0)
    after = Sessions(b"k" * 32, tmp_path, clock)
    another = after.recognise(other)
    assert another is not None
    after.end(another)
    assert after.recognise(left) is None


async def test_a_session_of_a_future_clock_lasts_a_day_and_no_longer(tmp_path: Path) -> None:
    """A Pi that thinks it is 1970 is shown a cookie of today; then its clock is set right."""
    clock = Wall()
    cookie = Sessions(b"k" * 32, tmp_path, clock).open("token")
    step = 56 * 365 * 86_400.0
    clock.set(-step)
    (tmp_path / "moved-sessions.json").unlink()
    sessions = Sessions(b"k" * 32, tmp_path, clock)
    assert sessions.recognise(cookie) is not None
    clock.set(step)
    sessions.clock_stepped(step)
    await clock.advance(LASTS - 1)
    assert sessions.recognise(cookie) is not None
    await clock.advance(2)
    assert sessions.recognise(cookie) is None
