r"""An input line: its settled level and since when, debounced.

    level  ‾‾‾‾‾\_/‾\_/‾\____________________      the contact bounces, then settles
                ^                  ^
           since│          reported│ when it has settled for `settle` seconds

A line that cannot be read, or does not settle, is unknown; the caller decides which side is safe.
Only some pin factories implement gpiozero's own debouncing; here all behave the same.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import NoReturn

import gpiozero
from gpiozero.pins import Factory

from chaosmonkey.clock import Clock, finishes_within
from chaosmonkey.errors import PlugFailed

SETTLE = 0.03
"""Seconds without a change after which a contact is settled; buttons and relays bounce for less."""

RESTLESS = 0.2
"""Seconds of changes after which a line is unknown: no contact bounces that long."""

CALM = 0.1
"""Seconds without a change that end a series of changes."""

POLL_EVERY = 0.5
"""Seconds between two polls of a silent line, to check that it can be read."""

STALE = 1.0
"""Seconds after which a reading is out of date."""

ReportLevel = Callable[[bool | None, float], None]
"""Receives whether a line is high (None if unknown), and since when."""


class InputLine:
    """One line as an input.

    Args:
        pin: its BCM number, or its name on an expander.
        factory: the factory of its pin.
        pull_up: whether to pull it up; otherwise its source must drive it both ways.
        clock: the time of the changes.
        pace: real time, for settling.

    Attributes:
        at_rest: whether it is settled.

    Raises:
        PlugFailed: the line cannot be opened.
    """

    def __init__(
        self,
        pin: int | str,
        factory: Factory,
        *,
        pull_up: bool,
        clock: Clock,
        pace: Clock,
        settle: float = SETTLE,
    ) -> None:
        try:
            self._device = gpiozero.DigitalInputDevice(
                pin,
                pull_up=True if pull_up else None,
                active_state=None if pull_up else True,
                pin_factory=factory,
            )
        except PlugFailed:
            raise
        except Exception as error:  # noqa: BLE001 - pin factories raise their own, as lgpio.error
            raise PlugFailed(
                f"The input {pin} is not usable: {error}.",
                remedy="Check that no other process uses it and this user is in the group gpio.",
                pin=pin,
            ) from None
        self.settled = False
        self._clock = clock
        self._pace = pace
        self._settle = settle

    @property
    def high(self) -> bool | None:
        """Its level now, bounces included; None if it cannot be read."""
        try:
            return bool(self._device.pin.state) if self.age <= STALE else None
        except Exception:  # noqa: BLE001 - pin factories raise errors of their own
            return None

    @property
    def age(self) -> float:
        """Seconds since it was read: 0 if `high` reads it, infinite if it cannot be read."""
        pin = self._device.pin
        return math.inf if pin is None else float(getattr(pin, "age", 0.0))

    async def run(self, report: ReportLevel) -> NoReturn:
        """Report whether it is high, and since when: at the start and after each settled change.

        Reports None when it is unknown, but at the start only after `STALE` seconds. The first
        moment is the start of this watch.
        """
        loop = asyncio.get_running_loop()
        edges: asyncio.Queue[float] = asyncio.Queue()

        def arrived(moment: float) -> None:
            self.settled = False
            edges.put_nowait(moment)

        def edge() -> None:
            """Runs in a thread of the pin factory."""
            moment = self._clock.now()
            if not loop.is_closed():
                loop.call_soon_threadsafe(arrived, moment)

        async def next_edge() -> None:
            settling.edge(await edges.get(), self._pace.now())

        self.settled, reported = False, False
        level: bool | None = None
        began = self._pace.now()
        settling = _Settling(self._settle, since=self._clock.now(), now=began)
        self._device.when_activated = self._device.when_deactivated = edge
        while True:
            if settling.restless or settling.settled:
                found = self.high if settling.settled else None
                self.settled = settling.settled and found is not None
                waits = not reported and found is None and self._pace.now() - began < STALE
                if not waits and (found is not level or not reported):
                    level, reported = found, True
                    report(level, self._clock.now() if settling.since is None else settling.since)
                settling.since = None
            wait = settling.wait if reported else self._settle
            if not await finishes_within(next_edge(), self._pace, within=wait):
                settling.passed(wait)

    def close(self) -> None:
        """Release the line."""
        self._device.close()


class _Settling:
    """Whether a line is settled, folded from its edges and the time without one.

    Attributes:
        since: the moment of the first edge after it was last settled; None without one.
        settled: whether it has been quiet long enough.
        restless: whether it has kept changing for so long that it has no level.
    """

    def __init__(self, settle: float, *, since: float, now: float) -> None:
        self.since: float | None = since
        self._settle = settle
        self._latest = since
        self._began = self._last = now  # the changes less than CALM apart, in real time
        self._quiet = 0.0

    @property
    def restless(self) -> bool:
        return self._last - self._began >= RESTLESS and self._quiet < CALM

    @property
    def settled(self) -> bool:
        return self._quiet >= self._settle and not self.restless

    @property
    def wait(self) -> float:
        """Seconds without an edge after which the state changes."""
        if self.restless:
            return CALM - self._quiet
        return POLL_EVERY if self.settled else self._settle

    def edge(self, moment: float, now: float) -> None:
        """Note a change at a moment; `now` is real time."""
        if now - self._last >= CALM:
            self._began = now
        if self.since is None:
            self.since = moment
        self._latest, self._last, self._quiet = moment, now, 0.0

    def passed(self, seconds: float) -> None:
        """Note so many seconds without a change."""
        if self.restless:
            self.since = self._latest  # its level dates from the last of these changes
        self._quiet += seconds
