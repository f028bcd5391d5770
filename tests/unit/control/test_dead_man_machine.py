"""Random lives of a monkey on the pretend bench: no machine stays dark, no rule is broken.

Killed, restored, halted, armed, crashed at any step, stopped and started again, with a disk that
fills up and relays whose driver fails for a while. The journal is the real one, on SQLite; what a
crashed monkey still tries to do has no effect, as after `kill -9`; but what it asked a slow device
for comes, later than what the next one asks for.
"""

import asyncio
import sqlite3
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chaosmonkey.clock import ManualClock
from chaosmonkey.config import build
from chaosmonkey.control.cut import GOODBYE, RETRY_PAUSES
from chaosmonkey.control.cut_stages import Step
from chaosmonkey.control.guard import CutRequest
from chaosmonkey.control.monkey import Monkey
from chaosmonkey.control.restore import RestoreResult
from chaosmonkey.errors import ChaosMonkeyError, PlugFailed, StoreFailed
from chaosmonkey.model import FeedKind, FeedState, Node
from chaosmonkey.plugs import DeviceLock, VerifiedPlug
from chaosmonkey.simcluster.bench.bench import Bench, SimMachine, Wire
from chaosmonkey.simcluster.timeline import Timeline
from chaosmonkey.store import Journal
from chaosmonkey.store.database import MIGRATIONS, Database
from chaosmonkey.store.writer import RETRY
from tests.patience import PATIENCE
from tests.sure import sure
from tests.unit.outage._scene import Scene

WORKERS = ("node2", "node3", "node4")
NAMES = ("node1", *WORKERS)
PINS = {name: pin for pin, name in enumerate(NAMES, start=17)}
MAX_OFF, COOLDOWN, STAGGER = 2, 5.0, 0.5
ON_WITHIN = 5.0
"""Seconds within which a start turns everything on."""
SLOW = 2.0
"""Seconds after which a slow device carries out a command to turn off, whatever became of us."""
IN_FLIGHT = SLOW + 0.5
LATE = STAGGER * len(NAMES) + max(RETRY_PAUSES) + 0.5
"""Seconds by which a restore may be later than its time: turns, and a driver that failed."""

LAB = build(
    {
        "gpio": {"pin_factory": "mock"},
        "limits": {
            "max_off": MAX_OFF,
            "min_ready": 0,
            "machine_cooldown": COOLDOWN,
            "cooldown": 0,
            "restore_stagger": STAGGER,
            "disarm_after": 40,
        },
        "machine": [
            {"name": name, "power": {"driver": "gpio", "pin": pin}} for name, pin in PINS.items()
        ],
    }
)


class PowerLoss(BaseException):
    """The process is gone; nothing it does has an effect any more."""


@dataclass
class Life:
    """One process, from its start to its end."""

    alive: bool = True
    crash_at: Step | None = None

    def check(self) -> None:
        if not self.alive:
            raise PowerLoss

    def reached(self, step: Step) -> None:
        self.check()
        if step is self.crash_at:
            self.alive = False
            raise PowerLoss


@dataclass
class Disk:
    """A database file that outlives every process, and may be full."""

    connection: sqlite3.Connection
    full: bool = False

    def open(self, life: Life) -> "OpenDisk":
        return OpenDisk(self, life)


@dataclass
class OpenDisk(Database):
    """The same, as one process has it open."""

    disk: Disk
    life: Life

    async def write(self, sql: str, values: Iterable[Any] = ()) -> None:
        await asyncio.sleep(0)
        self.life.check()
        if self.disk.full:
            raise StoreFailed("The disk is full.")
        self.disk.connection.execute(sql, tuple(values))

    async def read(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        self.life.check()
        return self.disk.connection.execute(sql, tuple(values)).fetchall()


@dataclass
class Line:
    """A GPIO line of the bench, as one process drives it."""

    machine: str
    table: "Table"
    life: Life
    in_flight: float = IN_FLIGHT
    remark: str = ""

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:
        await asyncio.sleep(0)
        self.life.check()
        if self.table.failing:
            raise PlugFailed("no answer")
        if not on:
            self.table.about_to_cut(self.machine)
            if self.table.slow:
                self.table.drive_later(self.machine, 1)
                await self.table.clock.sleep(SLOW)
                self.life.check()
                return
        self.table.drive(self.machine, 0 if on else 1)

    async def read(self) -> FeedState:
        self.life.check()
        self.table.pass_time()
        return FeedState.OFF if self.table.bench.pins[PINS[self.machine]].level else FeedState.ON

    async def close(self) -> None:
        await self.switch(on=True)


class Table:
    """The bench, which outlives every process, and what a strict onlooker knows of it."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.failing = self.slow = False
        self.on_their_way: list[tuple[float, str, int]] = []
        self.last_arrival = float("-inf")
        self.broken: list[str] = []
        self.armed_until = 0.0
        self.halted = False
        self.wanted: dict[str, float] = {}
        """Machine → until when it may be dark at the latest, for what was asked."""
        self.lit_since = dict.fromkeys(NAMES, float("-inf"))
        self._timeline = Timeline(clock.now())
        self.bench = Bench(
            self._timeline,
            [SimMachine(name, Wire(pin), Wire(27)) for name, pin in PINS.items()],
            self._rail,
        )

    def dark(self) -> set[str]:
        self.pass_time()
        self._timeline.run_until(self.clock.now() + 0.02)  # contacts take 10 ms
        return {name for name in NAMES if not self.bench.feed(name, "power").live}

    def drive(self, machine: str, level: int) -> None:
        self.pass_time()
        self.bench.drive(PINS[machine], level)

    def drive_later(self, machine: str, level: int) -> None:
        """A slow device does it, whether or not its asker lives to see it."""
        self.last_arrival = self.clock.now() + SLOW
        self.on_their_way.append((self.last_arrival, machine, level))

    def pass_time(self) -> None:
        now = self.clock.now()
        while self.on_their_way and self.on_their_way[0][0] <= now:
            at, machine, level = self.on_their_way.pop(0)
            self._timeline.run_until(max(at, self._timeline.now))
            self.bench.drive(PINS[machine], level)
        self._timeline.run_until(max(now, self._timeline.now))

    def about_to_cut(self, machine: str) -> None:
        """Hold a cut against the rules, which are written down here once more."""
        now = self.clock.now()
        off = {name for name in NAMES if self.bench.pins[PINS[name]].level}
        self.broken += [
            f"{machine}: {rule}"
            for rule, is_broken in (
                ("it is the control plane", machine not in WORKERS),
                ("HALT holds", self.halted),
                ("not armed", now >= self.armed_until),
                ("nobody asked for it", machine not in self.wanted),
                (f"off already: {off}", len(off | {machine}) > MAX_OFF),
                ("cooling down", now - self.lit_since[machine] < COOLDOWN - 0.02),
            )
            if is_broken
        ]

    def _rail(self, machine: str, feed: str, live: bool) -> None:
        if feed == "power" and live:
            self.lit_since[machine] = self._timeline.now


class DeadMan(RuleBasedStateMachine):
    """What may happen, in any order."""

    @initialize()
    def set_up(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock()
        self.table = Table(self.clock)
        self.disk = Disk(sqlite3.connect(":memory:", isolation_level=None))
        for script in MIGRATIONS:
            self.disk.connection.executescript(script)
        self.life: Life | None = None
        self.trouble_until = 0.0
        self.halt_is_noted = True
        self.disk_was_full_until = self.clock.now()
        self.start()

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        self.table.failing = self.disk.full = False
        self._crash()
        self.start()
        self._pass(ON_WITHIN)
        assert self.table.dark() == set()
        assert not self.table.broken
        self._crash()
        self.loop.close()
        self.disk.connection.close()

    # --- a process begins and ends ----------------------------------------------------------------

    @precondition(lambda self: self.life is None)
    @rule()
    def start(self) -> None:
        self.life = life = Life()
        plugs = {
            (name, FeedKind.POWER): VerifiedPlug(
                Line(name, self.table, life),
                machine=name,
                feed=FeedKind.POWER,
                device=DeviceLock(),
                clock=self.clock,
            )
            for name in NAMES
        }
        tracker = Scene(len(NAMES)).tracker
        tracker.world.nodes["node1"] = Node("node1", "n1", ready="True", control_plane=True)
        self.monkey = Monkey(
            LAB,
            plugs=plugs,
            journal=Journal(self.disk.open(life)),
            tracker=tracker,
            publish=lambda event: None,  # every machine is Ready again at once
            changed=lambda: None,
            clock=self.clock,
            pace=self.clock,
            sensors={},
            reached=life.reached,
        )
        started = asyncio.Event()
        self.running = self.loop.create_task(self.monkey.run(started.set))
        self._do(started.wait())
        self.table.armed_until = 0.0
        self.started_at = self.clock.now()
        halted = self.monkey.safety.halted is not None
        assert halted == self.table.halted or not self.halt_is_noted
        self.table.halted = halted

    @precondition(lambda self: self.life is not None)
    @rule()
    def crash(self) -> None:
        self._crash()

    @precondition(lambda self: self.life is not None)
    @rule(step=st.sampled_from(Step))
    def will_crash_at(self, step: Step) -> None:
        sure(self.life).crash_at = step

    @precondition(lambda self: self.life is not None and not self.table.failing)
    @rule()
    def stop(self) -> None:
        self.running.cancel()
        self._pass(GOODBYE + 5)
        if self._is_dead():
            return
        assert self.table.dark() == set() or self.clock.now() < self.table.last_arrival + 1
        self.halt_is_noted = "HALT" not in self.monkey.pending_writes.pending
        self.life = None

    # --- what people ask for ----------------------------------------------------------------------

    @precondition(lambda self: self.life is not None)
    @rule(
        machine=st.sampled_from([*WORKERS, *WORKERS, "node1"]),
        seconds=st.sampled_from([3.0, 10.0, 30.0]),
        prepared=st.sampled_from([True, True, True, False]),
    )
    def kill(self, machine: str, seconds: float, prepared: bool) -> None:
        if prepared:  # most would be refused otherwise, and little would be tried
            self.release()
            self.arm()
        now = self.clock.now()
        before = self.table.wanted.get(machine)
        self.table.wanted[machine] = max(before or 0.0, now + seconds)
        request = CutRequest(machine, FeedKind.POWER, seconds, by="test")
        if not isinstance(self._ask(self.monkey.cut(request)), ChaosMonkeyError):
            self.table.armed_until = now + LAB.limits.disarm_after
        elif before is not None:
            self.table.wanted[machine] = before

    @precondition(lambda self: self.life is not None)
    @rule(
        machine=st.sampled_from(WORKERS),
        step=st.sampled_from([None, *Step]),
        waits=st.sampled_from([0.1, 3.0, 12.0]),
    )
    def kill_and_wait(self, machine: str, step: Step | None, waits: float) -> None:
        sure(self.life).crash_at = step
        self.kill(machine, 3.0, prepared=True)
        self._pass(waits)

    @precondition(lambda self: self.life is not None)
    @rule(machine=st.sampled_from(NAMES))
    def restore(self, machine: str) -> None:
        outcome = self._ask(self.monkey.restore(machine, by="test"))
        if self._is_done(outcome):
            assert machine not in self.table.dark()

    @precondition(lambda self: self.life is not None)
    @rule()
    def halt(self) -> None:
        self.table.halted = True
        outcome = self._ask(self.monkey.halt(by="test"))
        if self._is_done(outcome):
            assert self.table.dark() == set()

    def _is_done(self, outcome: object) -> bool:
        """Whether everything was read back as on, and nothing asked for before can still arrive."""
        arrived = self.clock.now() >= self.table.last_arrival + 1
        if self.life is None or not arrived:
            return False
        if outcome is None or isinstance(outcome, ChaosMonkeyError):
            return False
        assert isinstance(outcome, RestoreResult)
        return not outcome.on_its_way

    @precondition(lambda self: self.life is not None)
    @rule()
    def release(self) -> None:
        self.monkey.release(by="test")
        self.table.halted = False
        self._pass(0)

    @precondition(lambda self: self.life is not None)
    @rule()
    def arm(self) -> None:
        try:
            self.monkey.arm(by="test")
        except ChaosMonkeyError:
            assert self.table.halted
            return
        self.table.armed_until = self.clock.now() + LAB.limits.disarm_after

    @precondition(lambda self: self.life is not None)
    @rule()
    def disarm(self) -> None:
        self.monkey.disarm(by="test")
        self.table.armed_until = 0.0

    # --- the world --------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.1, 1.0, 6.0, 20.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        self._pass(seconds)

    @rule(failing=st.sampled_from([False, False, True]))
    def relays_fail(self, failing: bool) -> None:
        self.table.failing = failing
        self.trouble_until = self.clock.now()

    @rule(full=st.sampled_from([False, False, True]))
    def disk_fills(self, full: bool) -> None:
        self.disk.full = full
        self.disk_was_full_until = self.clock.now()

    @rule(slow=st.booleans())
    def lines_are_slow(self, slow: bool) -> None:
        self.table.slow = slow

    @invariant()
    def what_the_disk_did_not_take_is_written_later(self) -> None:
        if not hasattr(self, "table") or self.disk.full or self._is_dead():
            return
        if self.clock.now() > self.disk_was_full_until + RETRY:
            assert self.monkey.pending_writes.pending == ()

    @invariant()
    def no_machine_stays_dark(self) -> None:
        if not hasattr(self, "table") or self.life is None or self.table.failing:
            return
        now = self.clock.now()
        assert not self.table.broken
        if self._is_dead() or now < self.trouble_until + LATE:
            return
        for machine in self.table.dark():
            arrived = now > self.table.last_arrival + LATE
            halted = self.monkey.safety.halted is not None
            if halted and arrived and now > self.started_at + LATE:
                raise AssertionError(f"{machine} is dark although HALT holds")
            latest = max(self.table.wanted[machine], self.started_at, self.table.last_arrival)
            assert now <= latest + LATE, machine

    # --- how time and coroutines are moved --------------------------------------------------------

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def _pass(self, seconds: float) -> None:
        self._do(self.clock.advance(seconds))
        self._is_dead()

    def _ask(self, work: Coroutine[Any, Any, Any]) -> object:
        """The outcome of a command: what it answers, or how it was refused; None if it is late."""
        asking = self.loop.create_task(work)
        for _ in range(40):
            self._do(self.clock.advance(0.1))
            if self._is_dead() or asking.done():
                break
        if not asking.done():
            asking.cancel()
            self._do(asyncio.wait({asking}, timeout=PATIENCE))
            assert asking.done()
            return StoreFailed("nobody waited for the answer")
        if asking.cancelled():
            return None
        error = asking.exception()
        assert error is None or isinstance(error, ChaosMonkeyError | PowerLoss), error
        return asking.result() if error is None else error

    def _is_dead(self) -> bool:
        """Whether the process has died by itself; then nobody lives here any more."""
        if self.life is not None and not self.life.alive:
            self._crash()
        return self.life is None

    def _crash(self) -> None:
        if self.life is None:
            return
        self.life.alive = False
        self.life = None
        self.halt_is_noted = "HALT" not in self.monkey.pending_writes.pending
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        for _ in range(50):
            left = asyncio.all_tasks(self.loop)
            if not left:
                break
            self._do(asyncio.wait(left, timeout=0))
            self._do(self.clock.advance(1))
        if not self.running.cancelled():
            self.running.exception()


DeadMan.TestCase.settings = settings(
    max_examples=300,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

TestDeadMan = DeadMan.TestCase


def test_a_server_that_stops_waits_for_what_an_earlier_one_asked_a_slow_device_for() -> None:
    """The command came after the stop: the machine was dark, and no server ran to see it."""
    life = DeadMan()
    life.set_up()
    life.lines_are_slow(slow=True)
    life.will_crash_at(step=Step.TIME_IS_UP)
    life.kill(machine="node2", seconds=3.0, prepared=True)
    life.kill(machine="node3", seconds=3.0, prepared=True)  # it crashes on the way
    life.start()
    life.stop()
    life.teardown()
