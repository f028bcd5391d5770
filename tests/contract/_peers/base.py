"""What a test may do to a device, whatever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from chaosmonkey.clock import ScaledClock, SystemClock
from chaosmonkey.model import FeedKind, FeedState
from chaosmonkey.plugs import DeviceLock, Plug, VerifiedPlug
from tests.patience import PATIENCE

SHORT = 1.0
"""Seconds that a driver waits for a device that a test makes too slow."""


class Peer(ABC):
    """A device with one feed, and a driver for it.

    `open` is what a new server process does. `timeout` is what the driver waits, `bearable` how
    much later an answer may come, `breath` what the device needs between two commands. Unless the
    device `says_it_is_gone`, a driver notices that only when it has waited.
    """

    timeout: float = PATIENCE
    bearable: ClassVar[float] = 0.05
    breath: ClassVar[float] = 0.0
    has_timer: ClassVar[bool] = False
    says_it_is_gone: ClassVar[bool] = False
    secrets: ClassVar[tuple[str, ...]] = ()

    async def start(self) -> None:  # noqa: B027 - some need nothing
        """Turn the device on; its feed is on."""

    async def stop(self) -> None:  # noqa: B027 - some need nothing
        """Take the device away for good."""

    @abstractmethod
    async def open(self) -> Plug:
        """A new driver for the device."""

    @abstractmethod
    def feed(self) -> FeedState:
        """What the device really does, without asking the driver."""

    def lie(self) -> None:
        """From now on say yes to every command and do nothing."""
        raise NotImplementedError

    def delay(self, seconds: float) -> None:
        """From now on answer so much later."""
        raise NotImplementedError

    def leave(self) -> None:
        """Go away, as if unplugged."""
        raise NotImplementedError

    def wait(self, seconds: float) -> None:
        """Let so much time pass for its timer."""
        raise NotImplementedError


def verified(plug: Plug, *, fails: bool = False) -> VerifiedPlug:
    """The driver as the monkey has it; its 20 s of patience take a quarter of one if it fails."""
    return VerifiedPlug(
        plug,
        machine="node3",
        feed=FeedKind.POWER,
        device=DeviceLock(),
        clock=ScaledClock(80) if fails else SystemClock(),
    )
