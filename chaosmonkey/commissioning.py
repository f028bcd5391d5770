"""Test plugs one by one without a server: read, cut and restore, click.

It locks the data folder as a server does, so the two never run together. It journals each cut
first: what an interrupted test leaves off is turned on by the next start.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from chaosmonkey.clock import Clock, SystemClock
from chaosmonkey.cluster import Client
from chaosmonkey.config import Lab
from chaosmonkey.control.cut import GOODBYE, RETRY_PAUSES, TIMER_MARGIN
from chaosmonkey.control.feed_monitor import FeedMonitor
from chaosmonkey.control.guard import find_machine
from chaosmonkey.errors import BadInput, ChaosMonkeyError, PlugFailed, first_of
from chaosmonkey.model import FeedKind, FeedState
from chaosmonkey.outage.detection import outage_id
from chaosmonkey.panel import Devices, open_devices
from chaosmonkey.plugs import PlugBoard, VerifiedPlug, open_plugs
from chaosmonkey.preflight import (
    Finding,
    PreflightContext,
    check_cluster,
    check_host,
    check_table,
    fault,
)
from chaosmonkey.sensors import open_sensors
from chaosmonkey.store import Journal, JournalEntry, hold_folder, open_database
from chaosmonkey.wires import Wires, open_wires

CLICKS = 3
CLICK = 1.0
"""Seconds between two clicks: slow enough to count them."""

EXPANDER_PATIENCE = 5.0
"""Seconds to wait for the expander's first answer: each try on a stuck bus takes one."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PlugTester:
    """Open plugs, their sensors, and the journal.

    Attributes:
        trying: the plugs that are being tested now.
    """

    wires: Wires
    plugs: PlugBoard
    feed_monitor: FeedMonitor
    trying: set[tuple[str, FeedKind]]
    journal: Journal
    clock: Clock

    def plug(self, lab: Lab, machine: str, feed: FeedKind) -> VerifiedPlug:
        """One plug; raises UnknownMachine, or BadInput if the machine has none of that kind."""
        found = self.plugs.get((find_machine(lab, machine).name, feed))
        if found is None:
            raise BadInput(f"{machine} has no {feed} plug.", remedy="See: chaosmonkey plugs list")
        return found

    @asynccontextmanager
    async def journalled(self, plug: VerifiedPlug, seconds: float, say: Say) -> AsyncIterator[None]:
        """Journal that a plug is cut; on the way out, turn it on in any case and journal that.

        Raises:
            PlugFailed: it could not be turned on again for GOODBYE seconds; its entry is kept.
        """
        now = self.clock.now()
        key = outage_id(now, plug.machine)
        await self.journal.write(
            JournalEntry(key, plug.machine, plug.feed, "commissioning", now, now + seconds)
        )
        self.trying.add((plug.machine, plug.feed))
        try:
            yield
        finally:
            await self._turn_on(plug, say)
            await self.journal.clear(key, self.clock.now())
            self.trying.discard((plug.machine, plug.feed))

    async def _turn_on(self, plug: VerifiedPlug, say: Say) -> None:
        give_up = self.clock.now() + GOODBYE
        while True:
            try:
                await plug.switch(on=True)
            except PlugFailed as error:
                if self.clock.now() >= give_up:
                    raise
                with suppress(OSError):  # a terminal that is gone must not end the restore
                    say(f"{plug.machine}'s {plug.feed} is not on yet, retrying: {error}")
                await self.clock.sleep(RETRY_PAUSES[0])
            else:
                return

    async def sensed(self, plug: VerifiedPlug, wanted: FeedState, commanded: float) -> str:
        """What the plug's sensor reports; raises PlugFailed if it reports the opposite."""
        reading = await self.feed_monitor.confirm((plug.machine, plug.feed), wanted, commanded)
        if reading is None:
            return "no sensor reading"
        if reading.since + reading.within < commanded:
            return "its sensor showed that before the switch"
        exact = "" if reading.within == 0 else f", give or take {reading.within:.1f} s"
        return f"its sensor agrees after {(reading.since - commanded) * 1000:.0f} ms{exact}"


@asynccontextmanager
async def opened(lab: Lab) -> AsyncIterator[PlugTester]:
    """Open plugs and sensors of a lab; raises StoreFailed while a server uses its data folder."""
    clock = SystemClock()
    trying: set[tuple[str, FeedKind]] = set()
    try:
        with (
            hold_folder(lab.server.data),
            open_wires(lab) as wires,
            open_sensors(lab, wires, clock, clock) as sensors,
        ):
            async with (
                open_database(lab.server.data, clock) as database,
                open_plugs(lab, wires, clock) as plugs,
                asyncio.TaskGroup() as tasks,
            ):
                feed_monitor = FeedMonitor(
                    lab,
                    sensors,
                    plugs,
                    cut=trying,
                    publish=lambda _: None,
                    changed=lambda: None,
                    pace=clock,
                )
                watching = tasks.create_task(feed_monitor.run(), name="sensors")
                await feed_monitor.settle()
                yield PlugTester(wires, plugs, feed_monitor, trying, Journal(database), clock)
                watching.cancel()
    except* ChaosMonkeyError as group:
        raise first_of(group) from None


@asynccontextmanager
async def opened_panel(lab: Lab, bench: PlugTester) -> AsyncIterator[Devices]:
    """Open the panel, and wait for its expander's first answer."""
    with open_devices(lab, bench.wires, bench.clock, bench.clock) as devices:
        if lab.panel.expander is not None:
            with suppress(PlugFailed):  # the preflight reports it as one of the panel's troubles
                await asyncio.to_thread(bench.wires.expander.polled.wait, EXPANDER_PATIENCE)
        yield devices


async def read(lab: Lab, say: Say) -> None:
    """Print the state of each device and sensor; raises PlugFailed if a device gives none."""
    silent = []
    async with opened(lab) as bench:
        for key, plug in bench.plugs.items():
            try:
                feed = await plug.read()
            except PlugFailed:
                feed = FeedState.UNKNOWN
            if feed is FeedState.UNKNOWN:
                silent.append(f"{plug.machine}'s {plug.feed}")
            reading = f"{feed}  {plug.remark}".rstrip()
            sensed = bench.feed_monitor.state(key)
            sensor = "" if sensed is None else f"  sensor: {sensed}"
            finding = bench.feed_monitor.finding(key)
            say(f"{plug.machine:<12} {plug.feed:<8} {reading}{sensor}  {finding}".rstrip())
    if silent:
        raise PlugFailed(
            f"No state read for {', '.join(silent)}.",
            remedy="Check that the device has power, is reachable, and is right in lab.toml.",
        )


async def trial(lab: Lab, machine: str, feed: FeedKind, seconds: float, say: Say) -> None:
    """Cut a plug for some seconds and restore it; print how long its device took for each."""
    async with opened(lab) as bench:
        plug, clock = bench.plug(lab, machine, feed), bench.clock
        async with bench.journalled(plug, seconds, say):
            commanded = clock.now()
            at = await plug.switch(on=False, back_in=seconds + TIMER_MARGIN)
            sensor = await bench.sensed(plug, FeedState.OFF, commanded)
            say(f"off: read back after {(at - commanded) * 1000:.0f} ms, {sensor}.")
            say(f"Check now that {machine} has no {feed}.")
            await clock.sleep(seconds)
            commanded = clock.now()
            at = await plug.switch(on=True)
            sensor = await bench.sensed(plug, FeedState.ON, commanded)
            say(f"on: read back after {(at - commanded) * 1000:.0f} ms, {sensor}.")


async def click(lab: Lab, machine: str, feed: FeedKind, say: Say) -> None:
    """Switch a plug off and on a few times, to hear and see it."""
    async with opened(lab) as bench:
        plug = bench.plug(lab, machine, feed)
        async with bench.journalled(plug, 2 * CLICKS * CLICK, say):
            for number in range(1, CLICKS + 1):
                for on in (False, True):
                    await plug.switch(on=on, back_in=None if on else CLICK + TIMER_MARGIN)
                    say(f"click {number}: {FeedState.ON if on else FeedState.OFF}")
                    await bench.clock.sleep(CLICK)
    say(f"It is on now. If {machine} has no {feed}, change contact or active_high in lab.toml.")


async def panel(lab: Lab, say: Say, done: asyncio.Event) -> None:
    """Light each LED in turn, and print which button is pressed, until `done` is set.

    Nothing is cut: the buttons are only read.

    Raises:
        BadInput: there is no panel.
        StoreFailed: a server uses the data folder, and therefore the panel.
    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        stack.enter_context(hold_folder(lab.server.data))
        wires = stack.enter_context(open_wires(lab))
        devices = stack.enter_context(open_devices(lab, wires, clock, clock))
        buttons = {f"{name}'s button": line for name, line in devices.buttons.items()}
        if devices.halt is not None:
            buttons["the big red button"] = devices.halt
        leds = [(f"{name}'s LED", led) for name, led in devices.leds.items()]
        if devices.heartbeat is not None:
            leds.append(("the heartbeat", devices.heartbeat))
        if not buttons and not leds:
            raise BadInput(
                "The panel has no buttons and no LEDs.",
                remedy="Set `button` and `led` of a [[machine]], or panel.halt.",
            )

        async def show() -> None:
            for name, led in itertools.cycle(leds):
                say(f"{name} is lit")
                led.light(lit=True)
                await clock.sleep(CLICK)
                led.light(lit=False)

        async with asyncio.TaskGroup() as tasks:
            trying: list[asyncio.Task[Any]] = [
                tasks.create_task(line.run(partial(_say_level, say, name)), name=name)
                for name, line in buttons.items()
            ]
            if leds:
                trying.append(tasks.create_task(show(), name="LEDs"))
            await done.wait()
            for task in trying:
                task.cancel()


def _say_level(say: Say, name: str, high: bool | None, _: float) -> None:
    if high is None:
        say(f"{name}: its line cannot be read, or does not settle")
    else:
        say(f"{name}: its line is {'high' if high else 'low'}")


async def preflight(lab: Lab, say: Callable[[Finding], None]) -> None:
    """Check everything before a show, and report each finding at once.

    If the table cannot be opened, that is one fault, and the cluster is still checked.
    """
    for finding in check_host(lab):
        say(finding)
    try:
        async with opened(lab) as bench, opened_panel(lab, bench) as devices:
            table = PreflightContext(lab, bench.plugs, bench.feed_monitor, devices.troubles)
            async for finding in check_table(table):
                say(finding)
    except ChaosMonkeyError as error:
        say(fault("table", error.message, error.remedy))
    client = Client(lab.cluster)
    try:
        async for finding in check_cluster(lab, client, SystemClock()):
            say(finding)
    finally:
        await client.close()
