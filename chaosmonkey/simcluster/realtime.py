"""A world that follows a clock: it runs everything that is due, then sleeps until the next event.

    catch up ─► next due? ─► sleep until then, or until something earlier is booked ─► …

Code that reads or changes the world from outside calls `catch_up` first, so that everything that
was due earlier happens before.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from chaosmonkey.clock import ScaledClock
from chaosmonkey.simcluster.world import World

log = logging.getLogger(__name__)


class RealTime:
    """One world and the clock that it follows."""

    def __init__(self, world: World, clock: ScaledClock) -> None:
        self.world = world
        self.clock = clock
        self._booked = asyncio.Event()
        world.timeline.on_earlier = self._booked.set

    def catch_up(self) -> None:
        """Run everything that is due by now.

        Exceptions are logged and skipped: one broken object must not end a show.
        """
        now = self.clock.now()
        while True:
            try:
                return self.world.run_until(now)
            except Exception:
                log.exception("An event of the simulated cluster failed; continuing with the next")

    async def drive(self) -> None:
        """Keep the world in step with the clock until cancelled."""
        while True:
            self.catch_up()
            self._booked.clear()
            due = self.world.timeline.next_due()
            wait = None if due is None else max(0.0, due - self.clock.now()) / self.clock.speed
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._booked.wait()
