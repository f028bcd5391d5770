r"""A line that is read: what it settles at, and since when, without the bounces of a contact.

    level  ‾‾‾‾‾\_/‾\_/‾\____________________      the contact bounces, then rests
                ^                  ^
           since│              told│ when it has rested for `settle` seconds

A line that cannot be read, and one that does not come to rest, has no level: it is unknown, and
whoever asks decides which side is the safe one. gpiozero's own debouncing is done by some pin
factories and not by others; here all are alike.
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
"""Seconds without a change after which a contact rests; buttons and relays bounce for less."""

RESTLESS = 0.2
"""Seconds of changes after which a line is unknown: no contact bounces for so long."""

CALM = 0.1
"""Seconds without a change after which an earlier one no longer counts as the same restlessness."""

LOOK_EVERY = 0.5
"""Seconds between two looks at a line that tells nothing: whether it can be read at all."""

STALE = 1.0
"""Seconds after which a level that was read is not known any more."""

Tell = Callable[[bool | None, float], None]
"""Takes whether a line is high, None if that is unknown, and since when."""


class InputLine:
    """One line as an input.

    Args:
        pin: its BCM number, or its name on an expander.
        factory: whose pin it is.
        pull_up: whether it is pulled up; otherwise what it is wired to must drive it both ways.
        clock: tells the moments.
        pace: counts the settling, which is real time.

    Attributes:
        at_rest: whether it has settled, and nothing has changed since.

    Raises:
        PlugFailed: the line cannot be had.
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
                f"The input {pin} cannot be used: {error}.",
                remedy="Is another process using the line, and is this user in the group gpio?",
                pin=pin,
            ) from None
        self.at_rest = False
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
        """Seconds since it was read: 0 if asking reads it, endless if it cannot be read."""
        pin = self._device.pin
        return math.inf if pin is None else float(getattr(pin, "age", 0.0))

    async def run(self, tell: Tell) -> NoReturn:
        """Tell whether it is high, and since when: at first, and after each change that lasted.

        None is told when that is unknown; at first not before it has had time to be read. The first
        moment is the beginning of this watch.
        """
        loop = asyncio.get_running_loop()
        edges: asyncio.Queue[float] = asyncio.Queue()

        def arrived(moment: float) -> None:
            self.at_rest = False
            edges.put_nowait(moment)

        def edge() -> None:
            """In whatever thread the pin factory has."""
            moment = self._clock.now()
            if not loop.is_closed():
                loop.call_soon_threadsafe(arrived, moment)

        async def next_edge() -> None:
            rest.edge(await edges.get(), self._pace.now())

        self.at_rest, told = False, False
        level: bool | None = None
        began = self._pace.now()
        rest = _Settling(self._settle, since=self._clock.now(), now=began)
        self._device.when_activated = self._device.when_deactivated = edge
        while True:
            if rest.restless or rest.settled:
                found = self.high if rest.settled else None
                self.at_rest = rest.settled and found is not None
                waits = not told and found is None and self._pace.now() - began < STALE
                if not waits and (found is not level or not told):
                    level, told = found, True
                    tell(level, self._clock.now() if rest.since is None else rest.since)
                rest.since = None
            wait = rest.wait if told else self._settle
            if not await finishes_within(next_edge(), self._pace, within=wait):
                rest.passed(wait)

    def close(self) -> None:
        """Let go of the line."""
        self._device.close()


class _Settling:
    """Whether a line rests, folded from its edges and from the time without one.

    Attributes:
        since: the moment of the first edge after it was settled last; None without one.
        settled: whether it rests.
        restless: whether it has changed again and again for so long that it has no level.
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
        """Seconds without an edge after which something is different."""
        if self.restless:
            return CALM - self._quiet
        return LOOK_EVERY if self.settled else self._settle

    def edge(self, moment: float, now: float) -> None:
        """The line changed at a moment; `now` is real time."""
        if now - self._last >= CALM:
            self._began = now
        if self.since is None:
            self.since = moment
        self._latest, self._last, self._quiet = moment, now, 0.0

    def passed(self, seconds: float) -> None:
        """Nothing changed for so long."""
        if self.restless:
            self.since = self._latest  # it has its level since the last of all those changes
        self._quiet += seconds
