"""Gathers the facts that the guard decides from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chaosmonkey.clock import Clock
from chaosmonkey.control.cooldown import Cooldowns
from chaosmonkey.control.cut import Cut
from chaosmonkey.control.feed_monitor import FeedMonitor
from chaosmonkey.control.rules import Facts
from chaosmonkey.control.safety import Safety
from chaosmonkey.model import FeedKind, FeedState
from chaosmonkey.outage.tracker import Tracker
from chaosmonkey.plugs import PlugBoard


class FactsSource:
    """Collects the current facts.

    Args:
        own_names: names and addresses of the machine that runs this server.

    Attributes:
        last_cut: when a cut was last commanded, on any machine; None before the first.
    """

    def __init__(
        self,
        *,
        tracker: Tracker,
        plugs: PlugBoard,
        cuts: Mapping[tuple[str, FeedKind], Cut],
        feed_monitor: FeedMonitor,
        cooldowns: Cooldowns,
        safety: Callable[[], Safety],
        own_names: Callable[[], frozenset[str]],
        clock: Clock,
    ) -> None:
        self.last_cut: float | None = None
        self._tracker = tracker
        self._plugs = plugs
        self._cuts = cuts
        self._feed_monitor = feed_monitor
        self._cooldowns = cooldowns
        self._safety = safety
        self._own_names = own_names
        self._clock = clock

    def now(self, feed: FeedKind | None) -> Facts:
        """The facts now, for a cut of `feed`."""
        off: dict[str, float | None] = {
            name: None for (name, _), plug in self._plugs.items() if plug.last is FeedState.OFF
        }
        watched: dict[str, float] = {}
        for cut in self._cuts.values():
            if cut.is_on:
                plug = self._plugs[cut.key]
                watched[cut.entry.machine] = plug.late_until
            elif not cut.unread:
                off[cut.entry.machine] = cut.entry.restore_by
        return Facts(
            world=self._tracker.world,
            off=off,
            outages=self._tracker.outages,
            now=self._clock.now(),
            safety=self._safety(),
            dark=self._feed_monitor.dark(),
            last_restored=self._cooldowns.since,
            last_cut=self.last_cut,
            own_names=self._own_names(),
            watched=watched,
            unreadable={
                name: plug.remark
                for (name, kind), plug in self._plugs.items()
                if plug.last is FeedState.UNKNOWN and (kind is feed or (name, kind) in self._cuts)
            },
        )

    def clock_stepped(self, by: float) -> None:
        """Shift the kept moment by the seconds that our clock jumped."""
        if self.last_cut is not None:
            self.last_cut += by
