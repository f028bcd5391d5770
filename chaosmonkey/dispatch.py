"""Takes events to the tracker, and publishes the outages that they change.

event ─► fold: tracker ─► (the board shows the event) ─► publish_changed: each changed outage

If a pause of this process has just ended, that is published first.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from chaosmonkey.clock import CATCH_UP, Heartbeat
from chaosmonkey.events import Events
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

log = logging.getLogger(__name__)
story_log = logging.getLogger("chaosmonkey.story")


@dataclass(frozen=True, slots=True)
class Concluded:
    """The outcome of an outage became known."""

    outage: Outage


@dataclass(frozen=True, slots=True)
class OutagesChanged:
    """An event changed outages, and each of them was published."""


class Dispatch:
    """Takes every event to the tracker, and publishes every outage that it changed.

    Args:
        heartbeat: notices whether this process was paused.
    """

    def __init__(self, tracker: Tracker, events: Events, heartbeat: Heartbeat) -> None:
        self._tracker = tracker
        self._events = events
        self._heartbeat = heartbeat
        self._changed: list[Outage] = []

    def fold(self, event: Event) -> None:
        """Let the tracker fold in an event."""
        self.notice_pause()
        self._changed = self._tracker.handle(event)

    def publish_changed(self, event: Event) -> None:  # noqa: ARG002 - the subscription's signature
        """Publish the outages that the event changed."""
        changed, self._changed = self._changed, []
        for outage in changed:
            self._events.publish(outage)
            if outcome(outage) is not None:
                self._events.publish(Concluded(outage))
        if changed:
            self._events.publish(OutagesChanged())

    def notice_pause(self) -> None:
        """Publish a pause that ended just now, because what is received next may be late."""
        pause = self._heartbeat.pause()
        if pause is not None:
            since, at = pause
            log.warning("This server did not run for %.1f s.", at - since)
            self._events.publish(Paused(since, at, at + CATCH_UP * self._heartbeat.speed))


class StoryLog:
    """Writes each new line of an outage's story into the log."""

    def __init__(self) -> None:
        self._logged: dict[str, Outage] = {}

    def log_new_lines(self, outage: Outage) -> None:
        """Log the lines that are new in the story of an outage.

        Of one that an earlier process left, that process logged all but how it ended.
        """
        before = self._logged.get(outage.id)
        if before is None and outage.interrupted:
            before = replace(outage, interrupted="", closed=None, restored=None)
        for line in latest_line(before, outage):
            story_log.info("%s %+7.1f s  %s", outage.machine, line.at, line.text)
        if outage.closed is None or ended_early(outage):
            self._logged[outage.id] = outage
        else:
            self._logged.pop(outage.id, None)


class EndedEarly:
    """Outages that ended before their feed was back; only the return of the feed is still noted.

    An earlier process left them, or their node was deleted.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self._outages: dict[str, Outage] = {}

    def note(self, outage: Outage) -> None:
        """Keep an outage if it is one of them."""
        if ended_early(outage):
            self._outages[outage.machine] = outage

    def forget(self, stepped: ClockStepped) -> None:  # noqa: ARG002 - as above
        """Drop all: after a clock step, how long their feed was gone is unknown."""
        self._outages.clear()

    def feed_is_back(self, event: PlugRestored | FeedSensed) -> None:
        """Note when the feed of one of them returned, and publish it."""
        if isinstance(event, FeedSensed) and event.state is not FeedState.ON:
            return
        left = self._outages.get(event.machine)
        if left is None or left.feed is not event.feed:
            return
        del self._outages[event.machine]
        if event.at < left.t0:
            return  # the clock was set back: how long it was gone is unknown
        closed = max(event.at, left.closed or event.at)
        self._events.publish(replace(left, restored=event.at, closed=closed))


def ended_early(outage: Outage) -> bool:
    """Whether it was interrupted before its feed was back."""
    return bool(outage.interrupted) and outage.restored is None
