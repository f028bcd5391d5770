"""Plugs tried one by one without a server: read, cut and restored, clicked.

It holds the data folder as a server does, so it never meets one, and notes each cut in the journal
first: what an interrupted test leaves off is turned on by the next start.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from chaosmonkey.clock import Clock, SystemClock
from chaosmonkey.cluster import Client
from chaosmonkey.config import Lab
from chaosmonkey.errors import BadInput, PlugFailed
from chaosmonkey.model import Feed, FeedKind
from chaosmonkey.outage.cut import TIMER_MARGIN
from chaosmonkey.outage.guard import find_machine
from chaosmonkey.outage.tracker import outage_id
from chaosmonkey.plugs import PlugBoard, VerifiedPlug, open_plugs
from chaosmonkey.preflight import Finding, look_at_everything
from chaosmonkey.store import Entry, Journal, open_database

CLICKS = 3
CLICK = 1.0
"""Seconds between two clicks: slow enough to count them."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Bench:
    """Open plugs and the journal."""

    plugs: PlugBoard
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
        try:
            yield
        finally:
            await plug.switch(on=True)
            await self.journal.clear(key, self.clock.now())


@asynccontextmanager
async def opened(lab: Lab) -> AsyncIterator[Bench]:
    """The bench of a lab; raises StoreFailed while a server uses its data folder."""
    clock = SystemClock()
    async with open_database(lab.server.data, clock) as database, open_plugs(lab, clock) as plugs:
        yield Bench(plugs, Journal(database), clock)


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
            say(f"off: read back after {(at - asked) * 1000:.0f} ms. Is {machine} without {feed}?")
            await clock.sleep(seconds)
            asked = clock.now()
            at = await plug.switch(on=True)
            say(f"on: read back after {(at - asked) * 1000:.0f} ms.")


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
