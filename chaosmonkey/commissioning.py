"""Plugs tried one by one without a server: read, cut and restored, clicked.

It holds the data folder as a server does, so it never meets one, and notes each cut in the journal
first: what an interrupted test leaves off is turned on by the next start.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from chaosmonkey.clock import Clock, SystemClock
from chaosmonkey.cluster import Client
from chaosmonkey.config import Lab
from chaosmonkey.errors import BadInput, ChaosMonkeyError, PlugFailed, first_of
from chaosmonkey.model import Feed, FeedKind
from chaosmonkey.outage.cut import TIMER_MARGIN
from chaosmonkey.outage.guard import find_machine
from chaosmonkey.outage.rails import Rails
from chaosmonkey.outage.tracker import outage_id
from chaosmonkey.plugs import PlugBoard, VerifiedPlug, open_plugs
from chaosmonkey.preflight import Finding, look_at_everything
from chaosmonkey.sensors import open_sensors
from chaosmonkey.store import Entry, Journal, open_database
from chaosmonkey.wires import open_wires

CLICKS = 3
CLICK = 1.0
"""Seconds between two clicks: slow enough to count them."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Bench:
    """Open plugs, what their sensors say, and the journal.

    Attributes:
        trying: the plugs that are being tried now.
    """

    plugs: PlugBoard
    rails: Rails
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
    async def journalled(self, plug: VerifiedPlug, seconds: float) -> AsyncIterator[None]:
        """Note that a plug is cut; on the way out, whatever happened, it is on and noted so."""
        now = self.clock.now()
        key = outage_id(now, plug.machine)
        await self.journal.write(
            Entry(key, plug.machine, plug.feed, "commissioning", now, now + seconds)
        )
        self.trying.add((plug.machine, plug.feed))
        try:
            yield
        finally:
            await plug.switch(on=True)
            await self.journal.clear(key, self.clock.now())
            self.trying.discard((plug.machine, plug.feed))

    async def sensed(self, plug: VerifiedPlug, wanted: Feed, asked: float) -> str:
        """What the plug's sensor says of it; raises PlugFailed if it says the opposite."""
        reading = await self.rails.confirm((plug.machine, plug.feed), wanted)
        if reading is None:
            return "no sensor tells"
        exact = "" if reading.within == 0 else f", give or take {reading.within:.1f} s"
        return f"its sensor agrees after {(reading.since - asked) * 1000:.0f} ms{exact}"


@asynccontextmanager
async def opened(lab: Lab) -> AsyncIterator[Bench]:
    """The bench of a lab; raises StoreFailed while a server uses its data folder."""
    clock = SystemClock()
    trying: set[tuple[str, FeedKind]] = set()
    try:
        with open_wires(lab) as wires, open_sensors(lab, wires, clock, clock) as sensors:
            async with (
                open_database(lab.server.data, clock) as database,
                open_plugs(lab, wires, clock) as plugs,
                asyncio.TaskGroup() as tasks,
            ):
                rails = Rails(
                    lab,
                    sensors,
                    plugs,
                    cut=trying,
                    publish=lambda _: None,
                    changed=lambda: None,
                    clock=clock,
                    pace=clock,
                )
                watching = tasks.create_task(rails.run(), name="sensors")
                yield Bench(plugs, rails, trying, Journal(database), clock)
                watching.cancel()
    except* ChaosMonkeyError as group:
        raise first_of(group) from None


async def read(lab: Lab, say: Say) -> None:
    """Say what each device says of its plug; raises PlugFailed if some do not."""
    silent = []
    async with opened(lab) as bench:
        for plug in bench.plugs.values():
            try:
                told = str(await plug.read())
            except PlugFailed as error:
                told = f"{Feed.UNKNOWN}  {error.message}"
            if told not in (Feed.ON, Feed.OFF):
                silent.append(f"{plug.machine}'s {plug.feed}")
            say(f"{plug.machine:<12} {plug.feed:<8} {told}")
    if silent:
        raise PlugFailed(
            f"Not known: {', '.join(silent)}.",
            remedy="Is the device on, reachable, and named right in lab.toml?",
        )


async def trial(lab: Lab, machine: str, feed: FeedKind, seconds: float, say: Say) -> None:
    """Cut a plug for some seconds and restore it; say how long its device took for each."""
    async with opened(lab) as bench:
        plug, clock = bench.plug(lab, machine, feed), bench.clock
        async with bench.journalled(plug, seconds):
            asked = clock.now()
            at = await plug.switch(on=False, back_in=seconds + TIMER_MARGIN)
            sensor = await bench.sensed(plug, Feed.OFF, asked)
            say(f"off: read back after {(at - asked) * 1000:.0f} ms, {sensor}.")
            say(f"Is {machine} without {feed}?")
            await clock.sleep(seconds)
            asked = clock.now()
            at = await plug.switch(on=True)
            sensor = await bench.sensed(plug, Feed.ON, asked)
            say(f"on: read back after {(at - asked) * 1000:.0f} ms, {sensor}.")


async def click(lab: Lab, machine: str, feed: FeedKind, say: Say) -> None:
    """Let a plug go off and on a few times, to be heard and seen."""
    async with opened(lab) as bench:
        plug = bench.plug(lab, machine, feed)
        async with bench.journalled(plug, 2 * CLICKS * CLICK):
            for number in range(1, CLICKS + 1):
                for on in (False, True):
                    await plug.switch(on=on, back_in=None if on else CLICK + TIMER_MARGIN)
                    say(f"click {number}: {Feed.ON if on else Feed.OFF}")
                    await bench.clock.sleep(CLICK)
    say(f"It is on now. If {machine} has no {feed}, contact or polarity are the other way round.")


async def preflight(lab: Lab, say: Callable[[Finding], None]) -> None:
    """Look at everything before a show, and say each thing as it is found."""
    client = Client(lab.cluster)
    try:
        await client.open()
        async with opened(lab) as bench:
            async for finding in look_at_everything(lab, bench.plugs, client, bench.clock):
                say(finding)
    finally:
        await client.close()
