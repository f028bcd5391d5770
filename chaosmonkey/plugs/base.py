"""The protocol of every plug driver."""

from __future__ import annotations

from typing import Protocol

from chaosmonkey.model import FeedState


class Plug(Protocol):
    """One switchable feed of one machine.

    A driver only talks to its device: it does not retry, wait for the result or serialize callers.
    `VerifiedPlug` does that for all drivers. A driver raises PlugFailed for every error that it
    expects, and a task that waits in it may be cancelled at any moment.

    Attributes:
        in_flight: real seconds for which a command may still take effect after this process gave
            up on it or died; 0 if its effect is final when `switch` returns or raises.
    """

    in_flight: float

    @property
    def remark(self) -> str:
        """What else the device reported at the last reading, as sentences.

        Why it is neither on nor off, why it cut itself off, a timer of its own; "" if nothing.
        """
        ...

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:
        """Command the device into the wanted state. Safe to repeat.

        `back_in` is given with every cut: seconds after which a device with its own timer must
        turn the feed on by itself, even if this process is gone by then.
        """
        ...

    async def read(self) -> FeedState:
        """Read the state from the device: on, off, or unknown if it reports neither."""
        ...

    async def close(self) -> None:
        """Release the device and leave the feed on."""
        ...
