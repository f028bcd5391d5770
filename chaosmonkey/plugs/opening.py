"""A plug that opens its device on first use and retries: a dead device fails alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from chaosmonkey.model import FeedState
from chaosmonkey.plugs.base import Plug


class OpeningPlug:
    """Opens its device at the first use, and retries at each further use.

    Args:
        open_device: opens it, or raises PlugFailed.
        in_flight: as in `Plug`; taken from the settings, since the device may not be open.
    """

    def __init__(self, open_device: Callable[[], Awaitable[Plug]], in_flight: float) -> None:
        self.in_flight = in_flight
        self._open_device = open_device
        self._device: Plug | None = None

    async def open(self) -> Plug:
        """The device, opened; raises what opening it raises."""
        if self._device is None:
            self._device = await self._open_device()
        return self._device

    @property
    def remark(self) -> str:
        """As `Plug`."""
        return "" if self._device is None else self._device.remark

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:
        """As `Plug`."""
        await (await self.open()).switch(on=on, back_in=back_in)

    async def read(self) -> FeedState:
        """As `Plug`."""
        return await (await self.open()).read()

    async def close(self) -> None:
        """As `Plug`."""
        await (await self.open()).close()
