"""A world that follows a clock: what is due happens, then it sleeps until the next thing is.

    catch up ─► next due? ─► sleep until then, or until something earlier is booked ─► …

Whoever asks or changes the world from outside catches it up first, so that nothing is written
before what should have happened earlier.
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
        """Let everything happen that is due by now.

        What fails is logged and left out: one strange object must not end a whole show.
        """
        now = self.clock.now()
        while True:
            try:
                return self.world.run_until(now)
            except Exception:
                log.exception("The pretend Kubernetes stumbled, and goes on")

    async def drive(self) -> None:
        """Keep the world at the clock's time, until cancelled."""
        while True:
            self.catch_up()
            self._booked.clear()
            due = self.world.timeline.next_due()
            wait = None if due is None else max(0.0, due - self.clock.now()) / self.clock.speed
            with suppress(TimeoutError):
                await asyncio.wait_for(self._booked.wait(), wait)
