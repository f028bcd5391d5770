"""The events that one cut publishes: each once, with the moment that was measured.

read back as off, or seen by the sensor ─► PlugCut         an outage of ours
interrupted, and nothing saw it         ─► CutShort        may explain a later silence
read back as on                         ─► PlugRestored    unless the sensor disagrees
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
        feed_monitor: reports what the sensors measure.
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
        self._watched = True

    def begun_elsewhere(self, *, recorded: bool) -> None:
        """Publish no PlugCut: an earlier process made the cut, or it is not ours.

        If there is no record of it, it is published as cut short: what is read now does not tell
        when the feed was lost.
        """
        self._begun, self._watched = recorded, False

    def cut(self, at: float, *, sensed: bool) -> None:
        """Publish that the feed was lost and an outage of ours begins."""
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
                by=entry.requested_by,
                restore_by=entry.restore_by,
                sensed=sensed,
            )
        )

    def cut_short(self, at: float, last_read_off: float) -> None:
        """Publish what was seen of a cut that ended while its device was still switching.

        Args:
            at: when the plug was read back as on.
            last_read_off: when it was last read as off.
        """
        entry = self._entry
        if self._begun:
            return
        if self._watched:
            lost = self._feed_monitor.lost_since(self._key, entry.commanded)
            if lost is not None:
                self.cut(lost, sensed=True)
                return
            if self._feed_monitor.has(self._key):
                return  # its sensor saw the feed the whole time
            if last_read_off >= entry.commanded:
                self.cut(last_read_off, sensed=False)
                return
        self._publish(
            CutShort(entry.machine, self._node, entry.feed, entry.commanded, at, entry.requested_by)
        )

    async def restored(self, commanded: float, at: float, *, listening: bool) -> None:
        """Publish that the feed is back, unless its sensor disagrees although the plug is on.

        Args:
            commanded: when the plug was commanded to turn on.
            at: when it was read back as on.
            listening: whether the sensors are still being read.
        """
        entry = self._entry
        try:
            sensed = (
                await self._feed_monitor.confirm(self._key, FeedState.ON, commanded)
                if listening
                else None
            )
        except PlugFailed as error:
            log.error("%s The outage stays open until its sensor sees the feed.", error)
            return
        if sensed is not None and sensed.within == 0:
            at = max(sensed.since, entry.commanded)
        self._publish(PlugRestored(entry.machine, self._node, entry.feed, at))
