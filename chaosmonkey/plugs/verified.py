"""Switching that is known to have happened.

wait for the device ─► read ─► as wanted? ──────────────► the moment of the reading
                        │ no
                        └─► switch ─► read ─► as wanted? ─┘
                                        ▲  │ no, or no answer
                                        └──┘ until the time is up: PlugFailed

The first reading is skipped if it would prove nothing: a command of ours was cut short and may
still arrive, or the device's own timer is to be set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chaosmonkey.clock import Clock
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import Feed, FeedKind
from chaosmonkey.plugs.base import Plug

POWER_TIMEOUT = 20.0
"""Seconds that a device may take to reach a state, as in the fence agents."""

POLL_INTERVAL = 0.25
"""Seconds between two readings while a device is on its way."""


class VerifiedPlug:
    """A machine's plug: one command at a time, and none believed before it was read back.

    Attributes:
        machine: whose plug it is.
        feed: what it feeds the machine with.
        last: what the last reading said; unknown before the first.
    """

    def __init__(
        self, plug: Plug, *, machine: str, feed: FeedKind, device: asyncio.Lock, clock: Clock
    ) -> None:
        self.machine = machine
        self.feed = feed
        self.last = Feed.UNKNOWN
        self._plug = plug
        self._device = device
        self._clock = clock
        self._unfinished = False

    async def switch(
        self,
        *,
        on: bool,
        back_in: float | None = None,
        asked: Callable[[], None] = lambda: None,
    ) -> float:
        """Bring the feed to a state and return the moment when it was read back in it.

        Args:
            on: the wanted state.
            back_in: seconds after which a device with a timer must turn itself on again.
            asked: is called when the device was asked and has not been read back yet.

        Raises:
            PlugFailed: the device failed, or was not in that state `POWER_TIMEOUT` seconds later.
        """
        wanted = Feed.ON if on else Feed.OFF
        async with self._device:
            telling = not self._unfinished and back_in is None
            if telling and await self._read() is wanted:
                return self._clock.now()
            self._unfinished = True
            await self._plug.switch(on=on, back_in=back_in)
            asked()
            await self._settle(wanted, deadline=self._clock.now() + POWER_TIMEOUT)
            self._unfinished = False
            return self._clock.now()

    async def _settle(self, wanted: Feed, *, deadline: float) -> None:
        """Read until the feed is as wanted; a reading that fails is tried again too."""
        while True:
            failed: PlugFailed | None = None
            try:
                if await self._read() is wanted:
                    return
            except PlugFailed as error:
                failed = error
            if self._clock.now() >= deadline:
                raise failed or PlugFailed(
                    f"{self.machine}'s {self.feed} plug was switched {wanted}, "
                    f"but reads {self.last} after {POWER_TIMEOUT:g} s.",
                    remedy="Look at the device: a stuck relay, a wrong port, a wrong reading?",
                    machine=self.machine,
                    feed=self.feed,
                    reads=self.last,
                )
            await self._clock.sleep(POLL_INTERVAL)

    async def read(self) -> Feed:
        """The state now, from the device; raises PlugFailed."""
        async with self._device:
            return await self._read()

    async def close(self) -> None:
        """Leave the feed on and let go of the device."""
        async with self._device:
            await self._plug.close()

    async def _read(self) -> Feed:
        try:
            self.last = await self._plug.read()
        except PlugFailed:
            self.last = Feed.UNKNOWN
            raise
        return self.last
