"""Switching that is known to have happened.

wait for the device ─► read ─► as wanted? ──────────────► the moment of the reading
                        │ no, or no answer
                        └─► switch ─► read ─► as wanted? ─┘
                                        ▲  │ no, or no answer
                                        └──┘ until the time is up: PlugFailed

The first reading is skipped if it would prove nothing: a command of ours was cut short and may
still arrive, or the device's own timer is to be set.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from chaosmonkey.clock import Clock
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedKind, FeedState
from chaosmonkey.plugs.base import Plug
from chaosmonkey.plugs.device_lock import DeviceLock
from chaosmonkey.plugs.opening import OpeningPlug

log = logging.getLogger(__name__)

POWER_TIMEOUT = 20.0
"""Seconds that a device may take to reach a state, as in the fence agents."""

POLL_INTERVAL = 0.25
"""Seconds between two readings while a device is on its way."""

SURPRISE_SHOWN = 200
"""Characters of an unexpected error's text that are repeated."""


class VerifiedPlug:
    """A machine's plug: one command at a time, and none believed before it was read back.

    Whatever its driver raises leaves this class as PlugFailed: a device that answers nonsense is
    the trouble of its own plug.

    Args:
        speed: how many seconds of `clock` pass in a real one.

    Attributes:
        machine: whose plug it is.
        feed: what it feeds the machine with.
        last: what the last reading said; unknown before the first.
        remark: what the device told with it, as sentences: why it says neither on nor off, a timer
            of its own; or why it could not be read.
        off_at: the moment of the last reading that said off; a moment of the past without one.
        takes_on: whether the device took the last command, and that was to turn on.
        late_until: until when a command to turn off that was cut short may still take effect;
            a moment of the past if there is none.
    """

    def __init__(
        self,
        plug: Plug,
        *,
        machine: str,
        feed: FeedKind,
        device: DeviceLock,
        clock: Clock,
        speed: float = 1.0,
    ) -> None:
        self.machine = machine
        self.feed = feed
        self.last = FeedState.UNKNOWN
        self.remark = ""
        self.off_at = float("-inf")
        self.takes_on = False
        self.late_until = float("-inf")
        self._plug = plug
        self._device = device
        self._clock = clock
        self._in_flight = plug.in_flight * speed
        self._unfinished = False

    async def open(self) -> None:
        """Open the device, if that is not done at its first use anyway; raises PlugFailed."""
        if isinstance(self._plug, OpeningPlug):
            with self._answering_for_its_driver():
                await self._plug.open()

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
        wanted = FeedState.ON if on else FeedState.OFF
        async with self._device.command():
            telling = not self._unfinished and back_in is None
            if telling:
                with suppress(PlugFailed):  # what cannot be read may still obey
                    if await self._read() is wanted:
                        return self._clock.now()
            self._unfinished, self.takes_on = True, False
            try:
                with self._answering_for_its_driver():
                    await self._plug.switch(on=on, back_in=back_in)
                self.takes_on = on
                asked()
                await self._settle(wanted, deadline=self._clock.now() + POWER_TIMEOUT)
            except BaseException:
                if not on:
                    self.expect_late_off()
                raise
            self._unfinished = False
            return self._clock.now()

    def expect_late_off(self, since: float | None = None) -> None:
        """A command to turn off was cut short at a moment, now by default, or may have been."""
        if self._in_flight:
            began = self._clock.now() if since is None else since
            self.late_until = max(self.late_until, began + self._in_flight)

    def clock_stepped(self, by: float) -> None:
        """The clock that tells the moments was set right by so many seconds."""
        self.off_at += by
        self.late_until += by

    async def _settle(self, wanted: FeedState, *, deadline: float) -> None:
        """Read until the feed is as wanted; a reading that fails is tried again too."""
        while True:
            failed: PlugFailed | None = None
            last = self._clock.now() >= deadline  # asked before it is read: reading may be held up
            try:
                if await self._read() is wanted:
                    return
            except PlugFailed as error:
                failed = error
            if last:
                raise failed or PlugFailed(
                    f"{self.machine}'s {self.feed} plug was switched {wanted}, "
                    f"but reads {self.last} after {POWER_TIMEOUT:g} s. {self.remark}".rstrip(),
                    remedy="Look at the device."
                    if self.remark
                    else "Look at the device: a stuck relay, a wrong port, a wrong reading?",
                    machine=self.machine,
                    feed=self.feed,
                    reads=self.last,
                )
            await self._clock.sleep(POLL_INTERVAL)

    async def read(self) -> FeedState:
        """The state now, from the device; raises PlugFailed."""
        async with self._device.reading():
            return await self._read()

    async def close(self) -> None:
        """Leave the feed on and let go of the device; raises PlugFailed."""
        async with self._device.command():
            with self._answering_for_its_driver():
                await self._plug.close()

    async def _read(self) -> FeedState:
        try:
            with self._answering_for_its_driver():
                self.last = await self._plug.read()
                self.remark = self._plug.remark
        except PlugFailed as error:
            self.last, self.remark = FeedState.UNKNOWN, error.message
            raise
        if self.last is FeedState.OFF:
            self.off_at = self._clock.now()
        return self.last

    @contextmanager
    def _answering_for_its_driver(self) -> Iterator[None]:
        try:
            yield
        except PlugFailed:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}"[:SURPRISE_SHOWN]
            log.debug("%s's %s plug", self.machine, self.feed, exc_info=error)
            raise PlugFailed(
                f"{self.machine}'s {self.feed} plug failed in a way that its driver does not know "
                f"({said}).",
                remedy="Does the device answer as its documentation says? Look at it by hand.",
                machine=self.machine,
                feed=self.feed,
            ) from None
