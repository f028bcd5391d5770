"""A table with three machines, a journal and a monkey, on a clock that a test moves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from chaosmonkey.clock import ManualClock
from chaosmonkey.composition import Composition
from chaosmonkey.config import Lab, build
from chaosmonkey.control.cut import GOODBYE
from chaosmonkey.control.guard import CutRequest
from chaosmonkey.control.monkey import Monkey
from chaosmonkey.errors import PlugFailed, StoreFailed
from chaosmonkey.model import Event, FeedKind, FeedState
from chaosmonkey.plugs import DeviceLock, VerifiedPlug
from chaosmonkey.sensors import Reading
from chaosmonkey.store import Journal, JournalEntry
from tests.unit.outage._scene import Scene

T = TypeVar("T")


def with_limits(may_be_off: str = "", **limits: object) -> Lab:
    """Three machines, each with a power plug, and no cool-down unless a test wants one."""
    return build(
        {
            "gpio": {"pin_factory": "mock"},
            "limits": {"machine_cooldown": 0, "cooldown": 0} | limits,
            "machine": [
                {
                    "name": f"node{i}",
                    "may_be_off": may_be_off == f"node{i}",
                    "power": {"driver": "gpio", "pin": i},
                }
                for i in (1, 2, 3)
            ],
        }
    )


LAB = with_limits()


@dataclass
class Device:
    """A plug that writes what happens to it into the diary."""

    name: str
    diary: list[str]
    state: FeedState = FeedState.ON
    fails: int = 0
    """How many of the next commands fail."""
    slow: asyncio.Event | None = None
    """A command waits for this."""
    timer: float | None = None
    """What it was told of a timer of its own."""
    in_flight: float = 0.0
    remark: str = ""
    reads_as: FeedState | None = None
    """What it says of itself, if that is not what it is."""

    def in_flight_is(self, table: "Table", seconds: float) -> None:
        """For how long a command of its plug may still arrive."""
        table.plugs[self.name, FeedKind.POWER]._in_flight = seconds

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:
        word = "on" if on else "off"
        if self.slow is not None:
            await self.slow.wait()
        if not on:
            self.timer = back_in
        if self.fails:
            self.fails -= 1
            self.diary.append(f"{self.name} {word} failed")
            raise PlugFailed("no answer")
        self.diary.append(f"{self.name} {word}")
        self.state = FeedState.ON if on else FeedState.OFF

    async def read(self) -> FeedState:
        return self.reads_as or self.state

    async def close(self) -> None:
        await self.switch(on=True)


class FakeSensor:
    """A sensor that says what a test lets it say, after what it knew at first."""

    def __init__(self, first: FeedState = FeedState.ON, interval: float = 0.0) -> None:
        self.interval = interval
        self._first = first
        self._said: asyncio.Queue[Reading] = asyncio.Queue()

    async def run(self, tell: Callable[[Reading], None]) -> NoReturn:
        tell(Reading(self._first, 0.0, 0.0))
        while True:
            tell(await self._said.get())

    def says(self, feed: FeedState, since: float, within: float = 0.0) -> None:
        self._said.put_nowait(Reading(feed, since, within))

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class Diary(Journal):
    """The journal, as far as the monkey knows it."""

    diary: list[str]
    entries: list[JournalEntry] = field(default_factory=list)
    full: bool = False
    halt: tuple[float, str] | None = None
    cooldowns: dict[str, float] = field(default_factory=dict)
    slow: asyncio.Event | None = None
    """A write waits for this."""

    async def write(self, entry: JournalEntry) -> None:
        if self.full:
            raise StoreFailed("The disk is full.")
        if self.slow is not None:
            await self.slow.wait()
        self.entries.append(entry)
        self.diary.append(f"journal {entry.machine}")

    async def clear(self, outage: str, at: float) -> None:
        if self.full:
            raise StoreFailed("The disk is full.")
        self.entries = [entry for entry in self.entries if entry.outage != outage]
        self.diary.append("journal cleared")

    async def open_cuts(self) -> list[JournalEntry]:
        return list(self.entries)

    async def withdraw(self, outage: str) -> None:
        await self.clear(outage, 0.0)

    async def last_restored(self) -> dict[str, float]:
        return dict(self.cooldowns)

    async def forget(self, before: float) -> None:
        """Nothing is kept."""

    async def note_halt(self, since: float, by: str) -> None:
        if self.full:
            raise StoreFailed("The disk is full.")
        self.halt = self.halt or (since, by)

    async def note_release(self) -> None:
        if self.full:
            raise StoreFailed("The disk is full.")
        self.halt = None

    async def halted(self) -> tuple[float, str] | None:
        return self.halt


class Table:
    """Three machines, a journal and a monkey on a clock that stands still."""

    def __init__(
        self,
        *,
        left_cut: list[JournalEntry] | None = None,
        sensors: dict[str, FakeSensor] | None = None,
        links: dict[str, FakeSensor] | None = None,
        may_be_off: str = "",
        **limits: object,
    ) -> None:
        lab = with_limits(may_be_off, **limits)
        self.clock = ManualClock(Scene().now)
        self.diary: list[str] = []
        self.events: list[Event] = []
        self.devices = {f"node{i}": Device(f"node{i}", self.diary) for i in (1, 2, 3)}
        self.journal = Diary(self.diary, left_cut or [])
        self.plugs = {
            (name, FeedKind.POWER): VerifiedPlug(
                device, machine=name, feed=FeedKind.POWER, device=DeviceLock(), clock=self.clock
            )
            for name, device in self.devices.items()
        }
        self.sensors = {(name, FeedKind.POWER): it for name, it in (sensors or {}).items()}
        self.sensors |= {(name, FeedKind.NETWORK): it for name, it in (links or {}).items()}
        self.tracker = Scene().tracker
        self.publish: Callable[[Event], None] = self._publish
        self.changed: Callable[[], None] = lambda: None
        self.monkey = Monkey(
            lab,
            plugs=self.plugs,
            journal=self.journal,
            tracker=self.tracker,
            publish=lambda event: self.publish(event),
            changed=lambda: self.changed(),
            clock=self.clock,
            pace=self.clock,
            sensors=self.sensors,
        )

    def take(self, composition: Composition) -> None:
        """Stand at the table of a whole server, whose cluster is that of a scene."""
        self.monkey, self.tracker = composition.monkey, composition.tracker
        self.publish = composition.events.publish
        for event in Scene().told:
            self.publish(event)

    def _publish(self, event: Event) -> None:
        """What a server's dispatch does first."""
        self.events.append(event)
        self.tracker.handle(event)

    def state(self, machine: str) -> FeedState:
        """What the plug of a machine has done."""
        return self.devices[machine].state

    @asynccontextmanager
    async def running(self, *, armed: bool = True) -> AsyncIterator["Table"]:
        started = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.monkey.run(started.set))
            await started.wait()
            await self.clock.advance(0)
            if armed:
                self.monkey.arm("test")
            try:
                yield self
            finally:
                running.cancel()
                await self.clock.advance(GOODBYE + 10)

    async def soon(self, work: Coroutine[Any, Any, T], seconds: float = 5) -> T:
        """The result of something that takes a few seconds of the table's time."""
        doing = asyncio.gather(work, return_exceptions=True)
        await self.clock.advance(seconds)
        (outcome,) = await doing
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    async def cut(self, machine: str = "node3", seconds: float = 60) -> None:
        await self.monkey.cut(CutRequest(machine, FeedKind.POWER, seconds, by="test"))
