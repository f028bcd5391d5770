"""What every sensor promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol

from chaosmonkey.model import FeedState


@dataclass(frozen=True, slots=True)
class Reading:
    """What a feed is, and since when.

    Attributes:
        feed: on: it arrives. off: it does not. unknown: the sensor does not say.
        since: the earliest moment at which it became so.
        within: seconds after `since` by which it had become so: how exact that moment is.
    """

    feed: FeedState
    since: float
    within: float = 0.0


Tell = Callable[[Reading], None]


class Sensor(Protocol):
    """Watches one feed of one machine and switches nothing.

    Attributes:
        interval: real seconds between two looks at the device; 0 for one that tells by itself.
    """

    interval: float

    async def run(self, tell: Tell) -> NoReturn:
        """Tell the feed's state at first and at each change, until cancelled.

        A sensor that fails says unknown and goes on trying; it raises nothing.
        """
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...
