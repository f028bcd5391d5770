"""Takes every event through every room, so that there is one order of things. Never waits.

a pause of ours, if one ended just now, is an event that goes first

event ─► tracker ─► board ─┐ for each outage that it changed:
                           └► recorder ─► board ─► story in the log ─► audience
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from chaosmonkey.clock import CATCH_UP, Heartbeat
from chaosmonkey.hub import BoardPublisher
from chaosmonkey.model import (
    ClockStepped,
    Event,
    FeedSensed,
    FeedState,
    Outage,
    Paused,
    PlugRestored,
)
from chaosmonkey.outage.recovery import outcome
from chaosmonkey.outage.story import latest_line
from chaosmonkey.outage.tracker import Tracker
from chaosmonkey.store import Recorder

log = logging.getLogger(__name__)
story_log = logging.getLogger("chaosmonkey.story")


class Dispatch:
    """The one place that events pass.

    Args:
        heartbeat: knows whether this process was stopped, slept, or was held up.
        paused: is told for how many seconds it was.
        concluded: is called with an outage whose outcome is known.
        changed: is called when an outage changed.
    """

    def __init__(
        self,
        tracker: Tracker,
        board: BoardPublisher,
        recorder: Recorder,
        *,
        heartbeat: Heartbeat,
        paused: Callable[[float], None],
        concluded: Callable[[Outage], None],
        changed: Callable[[], None],
    ) -> None:
        self._tracker = tracker
        self._board = board
        self._recorder = recorder
        self._heartbeat = heartbeat
        self._paused = paused
        self._concluded = concluded
        self._changed = changed
        self._told: dict[str, Outage] = {}
        self._interrupted: dict[str, Outage] = {}

    def __call__(self, event: Event) -> None:
        """Take an event through every room, in order."""
        self.notice_pause()
        self._take(event)

    def notice_pause(self) -> None:
        """Tell first if this process did not run until just now: what comes next may be late."""
        pause = self._heartbeat.pause()
        if pause is not None:
            since, at = pause
            log.warning("This server did not run for %.1f s.", at - since)
            self._paused(at - since)
            self._take(Paused(since, at, at + CATCH_UP * self._heartbeat.speed))

    def _take(self, event: Event) -> None:
        changed = self._tracker.handle(event)
        self._board.after(event)
        for outage in changed:
            self._show(outage)
            if outcome(outage) is not None:
                self._concluded(outage)
        if changed:
            self._changed()
        match event:
            case ClockStepped():
                self._interrupted.clear()  # it is not known how long their machines were without it
            case PlugRestored() | FeedSensed(state=FeedState.ON):
                self._feed_is_back(event)
            case _:
                pass

    def interrupted(self, outage: Outage) -> None:
        """An outage that ended before its feed was back: of what follows only that is noted.

        An earlier process left it, or its node was deleted.
        """
        self._interrupted[outage.machine] = outage

    def _feed_is_back(self, event: PlugRestored | FeedSensed) -> None:
        left = self._interrupted.get(event.machine)
        if left is not None and left.feed is event.feed:
            del self._interrupted[event.machine]
            if event.at < left.t0:
                return  # the clock was set back: nobody knows how long it was gone
            closed = max(event.at, left.closed or event.at)
            self._show(replace(left, restored=event.at, closed=closed))

    def _show(self, outage: Outage) -> None:
        self._recorder.keep(outage)
        self._board.show_outage(outage)
        for line in latest_line(self._told.get(outage.id), outage):
            story_log.info("%s %+7.1f s  %s", outage.machine, line.at, line.text)
        early = bool(outage.interrupted) and outage.restored is None
        if early:
            self.interrupted(outage)
        if outage.closed is None or early:
            self._told[outage.id] = outage
        else:
            self._told.pop(outage.id, None)
