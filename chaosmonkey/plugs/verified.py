"""Switch a plug and verify it by reading it back.

wait for the device ─► read ─► as wanted? ──────────────► the moment of the reading
                        │ no, or no answer
                        └─► switch ─► read ─► as wanted? ─┘
                                        ▲  │ no, or no answer
                                        └──┘ until the time is up: PlugFailed

The first reading is skipped if it would prove nothing: an interrupted command may still take
effect, or the device's own timer must be set.
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
"""Seconds that a device may take to reach a state, as with the fence agents."""

POLL_INTERVAL = 0.25
"""Seconds between two readings while a device switches."""

SURPRISE_SHOWN = 200
"""Characters of an unexpected error's text that are shown."""


class VerifiedPlug:
    """A machine's plug: one command at a time, each read back before it counts.

    Every exception of the driver becomes PlugFailed: a device that answers nonsense fails alone.

    Args:
        speed: seconds of `clock` per real second.

    Attributes:
        machine: whose plug it is.
        feed: what it feeds the machine with.
        last: the last reading; unknown before the first.
        remark: what the device reported with it, as sentences: why it is neither on nor off, a
            timer of its own; or why it could not be read.
        off_at: the moment of the last reading that was off; -inf without one.
        takes_on: whether the last command was to turn on and the device accepted it.
        late_until: until when an interrupted command to turn off may still take effect; -inf
            if there is none.
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
        """Open the device now instead of at its first use; raises PlugFailed."""
        if isinstance(self._plug, OpeningPlug):
            with self._answering_for_its_driver():
                await self._plug.open()

    async def switch(
        self,
        *,
        on: bool,
        back_in: float | None = None,
        commanded: Callable[[], None] = lambda: None,
    ) -> float:
        """Switch the feed to a state and return the moment when it was read back.

        Args:
            on: the wanted state.
            back_in: seconds after which a device with a timer must turn itself on.
            commanded: called when the command was sent, before it is read back.

        Raises:
            PlugFailed: the device failed, or was not in that state `POWER_TIMEOUT` seconds later.
        """
        wanted = FeedState.ON if on else FeedState.OFF
        async with self._device.command():
            may_be_done = not self._unfinished and back_in is None
            if may_be_done:
                with suppress(PlugFailed):  # a device that cannot be read may still switch
                    if await self._read() is wanted:
                        return self._clock.now()
            self._unfinished, self.takes_on = True, False
            try:
                with self._answering_for_its_driver():
                    await self._plug.switch(on=on, back_in=back_in)
                self.takes_on = on
                commanded()
                await self._settle(wanted, deadline=self._clock.now() + POWER_TIMEOUT)
            except BaseException:
                if not on:
                    self.expect_late_off()
                raise
            self._unfinished = False
            return self._clock.now()

    def expect_late_off(self, since: float | None = None) -> None:
        """Note that a command to turn off was (or may have been) interrupted; now by default."""
        if self._in_flight:
            began = self._clock.now() if since is None else since
            self.late_until = max(self.late_until, began + self._in_flight)

    def clock_stepped(self, by: float) -> None:
        """Shift all moments: the clock was corrected by so many seconds."""
        self.off_at += by
        self.late_until += by

    async def _settle(self, wanted: FeedState, *, deadline: float) -> None:
        """Read until the feed is as wanted; a failed reading is retried too."""
        while True:
            failed: PlugFailed | None = None
            last = self._clock.now() >= deadline  # checked before the reading, which may take long
            try:
                if await self._read() is wanted:
                    return
            except PlugFailed as error:
                failed = error
            if last:
                raise failed or PlugFailed(
                    f"{self.machine}'s {self.feed} plug was switched {wanted}, "
                    f"but reads {self.last} after {POWER_TIMEOUT:g} s. {self.remark}".rstrip(),
                    remedy="Check the device."
                    if self.remark
                    else "Check the device: a stuck relay, a wrong port, or a wrong reading.",
                    machine=self.machine,
                    feed=self.feed,
                    reads=self.last,
                )
            await self._clock.sleep(POLL_INTERVAL)

    async def read(self) -> FeedState:
        """Read the state from the device; raises PlugFailed."""
        async with self._device.reading():
            return await self._read()

    async def close(self) -> None:
        """Leave the feed on and release the device; raises PlugFailed."""
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
            what = f"{type(error).__name__}: {error}"[:SURPRISE_SHOWN]
            log.debug("%s's %s plug", self.machine, self.feed, exc_info=error)
            raise PlugFailed(
                f"{self.machine}'s {self.feed} plug failed with an unexpected error ({what}).",
                remedy="Check by hand that the device answers as documented.",
                machine=self.machine,
                feed=self.feed,
            ) from None
