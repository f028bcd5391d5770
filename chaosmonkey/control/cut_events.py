"""What one cut tells the rest of the server: each thing once, with the moment that was measured.

read back as off, or seen by the sensor ─► PlugCut         an outage of ours
given up half-way, and nothing saw it   ─► CutShort        what a later silence may come of
read back as on                         ─► PlugRestored    unless the sensor says otherwise
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from chaosmonkey.control.feed_monitor import FeedMonitor
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import CutShort, Event, FeedState, PlugCut, PlugRestored
from chaosmonkey.store import JournalEntry

log = logging.getLogger(__name__)


class CutEvents:
    """Publishes the events of one cut.

    Args:
        entry: the cut.
        node: its machine's node.
        feed_monitor: what the sensors say.
        publish: takes the events.
    """

    def __init__(
        self,
        entry: JournalEntry,
        node: str,
        feed_monitor: FeedMonitor,
        publish: Callable[[Event], None],
    ) -> None:
        self._entry = entry
        self._node = node
        self._feed_monitor = feed_monitor
        self._publish = publish
        self._key = entry.machine, entry.feed
        self._begun = False

    def leave_the_beginning(self) -> None:
        """That it began was published before, or is none of ours."""
        self._begun = True

    def cut(self, at: float, *, sensed: bool) -> None:
        """The feed was lost: an outage of ours begins."""
        entry = self._entry
        if self._begun:
            return
        self._begun = True
        self._publish(
            PlugCut(
                outage=entry.outage,
                machine=entry.machine,
                node=self._node,
                feed=entry.feed,
                commanded=entry.commanded,
                at=at,
                by=entry.asked_by,
                restore_by=entry.restore_by,
                sensed=sensed,
            )
        )

    def given_up(self, at: float, last_read_off: float) -> None:
        """It ended while its device was at it, and is on since `at`: say what was seen of that."""
        entry = self._entry
        if self._begun:
            return
        lost = self._feed_monitor.lost_since(self._key, entry.commanded)
        if lost is not None:
            self.cut(lost, sensed=True)
        elif self._feed_monitor.has(self._key):
            return  # its sensor saw it all along
        elif last_read_off >= entry.commanded:
            self.cut(last_read_off, sensed=False)
        else:
            self._publish(
                CutShort(entry.machine, self._node, entry.feed, entry.commanded, at, entry.asked_by)
            )

    async def restored(self, asked: float, at: float, *, listening: bool) -> None:
        """The feed is there: unless its sensor says that it is not, although its plug is on.

        Args:
            asked: when the plug was told to turn on.
            at: when it was read back as on.
            listening: whether the sensors are still listened to.
        """
        entry = self._entry
        try:
            sensed = (
                await self._feed_monitor.confirm(self._key, FeedState.ON, asked)
                if listening
                else None
            )
        except PlugFailed as error:
            log.error("%s It is told when its sensor says so.", error)
            return
        if sensed is not None and sensed.within == 0:
            at = max(sensed.since, entry.commanded)
        self._publish(PlugRestored(entry.machine, self._node, entry.feed, at))
