"""The protocol of every sensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol

from chaosmonkey.model import FeedState


@dataclass(frozen=True, slots=True)
class Reading:
    """The state of a feed, and since when.

    Attributes:
        feed: on, off, or unknown if the sensor cannot tell.
        since: the earliest moment of the change to this state.
        within: seconds after `since` by which it had changed: the precision of `since`.
    """

    feed: FeedState
    since: float
    within: float = 0.0


ReportReading = Callable[[Reading], None]


class Sensor(Protocol):
    """Watches one feed of one machine and switches nothing.

    Attributes:
        interval: real seconds between two polls of the device; 0 for one that reports by itself.
    """

    interval: float

    async def run(self, report: ReportReading) -> NoReturn:
        """Report the feed's state at the start and at each change, until cancelled.

        A sensor that fails reports unknown and retries; it never raises.
        """
        ...

    def close(self) -> None:
        """Release the device."""
        ...
