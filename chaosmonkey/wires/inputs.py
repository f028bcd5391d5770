r"""A line that is read: what it settles at, and since when, without the bounces of a contact.

    level  ‾‾‾‾‾\_/‾\_/‾\____________________      the contact bounces, then rests
                ^                  ^
           since│              told│ when it has rested for `settle` seconds

gpiozero's own debouncing is done by some pin factories and not by others; here all are alike.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

import gpiozero
from gpiozero.pins import Factory

from chaosmonkey.clock import Clock, came
from chaosmonkey.errors import PlugFailed

SETTLE = 0.03
"""Seconds without a change after which a contact rests; buttons and relays bounce for less."""


class InputLine:
    """One line as an input.

    Args:
        pin: its BCM number, or its name on an expander.
        factory: whose pin it is.
        pull_up: whether it is pulled up; otherwise what it is wired to must drive it both ways.
        clock: tells the moments.
        pace: counts the settling, which is real time.

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
        except gpiozero.GPIOZeroError as error:
            raise PlugFailed(
                f"The input {pin} cannot be used: {error}.",
                remedy="Is another process using the line, and is this user in the group gpio?",
                pin=pin,
            ) from None
        self._clock = clock
        self._pace = pace
        self._settle = settle

    @property
    def high(self) -> bool:
        """Its level now, bounces included."""
        return bool(self._device.pin.state)

    async def run(self, tell: Callable[[bool, float], None]) -> NoReturn:
        """Tell whether it is high, and since when: at first, and after each change that lasted.

        The first moment is the beginning of this watch.
        """
        loop = asyncio.get_running_loop()
        edges: asyncio.Queue[float] = asyncio.Queue()

        def edge() -> None:
            """In whatever thread the pin factory has."""
            moment = self._clock.now()
            if not loop.is_closed():
                loop.call_soon_threadsafe(edges.put_nowait, moment)

        self._device.when_activated = self._device.when_deactivated = edge
        since, told = self._clock.now(), None
        while True:
            while await came(edges.get(), self._pace, within=self._settle):
                pass  # it has not come to rest
            if self.high is not told:
                told = self.high
                tell(told, since)
            since = await edges.get()

    def close(self) -> None:
        """Let go of the line."""
        self._device.close()
