"""What every driver promises."""

from __future__ import annotations

from typing import Protocol

from chaosmonkey.model import FeedState


class Plug(Protocol):
    """One switchable feed of one machine.

    A driver talks to its device and nothing else: it does not retry, wait for the result or keep
    order among callers. That is `VerifiedPlug`'s work, once for all drivers. Every error that a
    driver expects leaves it as PlugFailed; a task that waits in it may be cancelled at any moment.

    Attributes:
        in_flight: real seconds for which a command may still take effect after this process gave
            it up or died; 0 if a command has taken effect, or never will, when `switch` is left.
    """

    in_flight: float

    @property
    def remark(self) -> str:
        """What the device told at the last reading beside on and off, as sentences.

        Why it says neither, what it cut itself off for, a timer of its own; "" if nothing.
        """
        ...

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:
        """Ask the device for the wanted state. May be repeated safely.

        `back_in` comes with every cut: seconds after which a device that has a timer of its own
        must turn the feed on again by itself, whatever has become of us by then.
        """
        ...

    async def read(self) -> FeedState:
        """Ask the device for its state: on, off, or unknown if it does not say either."""
        ...

    async def close(self) -> None:
        """Let go of the device and leave the feed on."""
        ...
