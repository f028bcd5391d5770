"""One feed of one machine, from the header's line to what the machine notices.

    level ─► coil ─► contact ──┐
    supply, socket ────────────┼─► rail ─── lasts 5 ms ─► the machine gains or loses the feed
    another path (back-feed) ──┘    └─► sense line: every bounce

Possible faults: a welded contact, a dead coil, a back-feed, a slow contact.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from chaosmonkey.simcluster.bench.contacts import RELAY_BOUNCE, Contact
from chaosmonkey.simcluster.bench.gpio import Level
from chaosmonkey.simcluster.bench.wiring import FeedName, Wire
from chaosmonkey.simcluster.timeline import Booking, Span, Timeline

OPERATE: Span = (0.004, 0.010)
"""From a coil's current to the contact's change: 10 ms at most for a common relay."""
RELEASE: Span = (0.002, 0.005)
"""From the end of the current to the contact's return: 5 ms at most."""
HOLD_UP = 0.005
"""Seconds that a state of the rail must last before the machine notices: its capacitors bridge a
shorter gap, and its regulator waits as long before it starts (engineering estimate). The network
feed uses the same value."""


class Circuit:
    """One feed.

    Args:
        machine: the name of the machine.
        name: power or network.
        wire: how it is switched.
        level: the line's level at first.
        timeline: schedules the movements of the contact.
        chance: random numbers for the bounces.
        sensed: called whenever the rail comes or goes, bounces included.
        noticed: called when the machine notices a change, with whether it has the feed.

    Attributes:
        plugged: whether the feed is plugged in.
        supplied: whether the supply works.
        welded: whether the contact is welded: it stays closed.
        stuck: whether the coil is dead or disconnected: the contact stays in its released state.
        back_fed: whether the rail is live through another path, such as HDMI or USB.
        slow: extra delay of the contact, in seconds.
        coil: whether the coil is energised.
        delivered: whether the machine has the feed, as it last noticed.
    """

    def __init__(
        self,
        machine: str,
        name: FeedName,
        wire: Wire,
        *,
        level: Level,
        timeline: Timeline,
        chance: random.Random,
        sensed: Callable[[], None],
        noticed: Callable[[bool], None],
    ) -> None:
        self.machine = machine
        self.name = name
        self.wire = wire
        self.plugged = self.supplied = True
        self.welded = self.stuck = self.back_fed = False
        self.slow = 0.0
        self._level = level
        self._timeline = timeline
        self._sensed = sensed
        self._noticed = noticed
        self._moving: Booking | None = None
        self._lasting: Booking | None = None
        self.coil = self._energised()
        self._contact = Contact(
            timeline, chance, RELAY_BOUNCE, closed=self._wanted(), moved=self._passed
        )
        self.delivered = self._rail = self.rail

    @property
    def closed(self) -> bool:
        """Whether the contact is closed, bounces ignored."""
        return self._contact.closed

    @property
    def feeding(self) -> bool:
        """Whether current can flow from the supply through the contact, bounces ignored."""
        return self.supplied and self.plugged and self.closed

    @property
    def live(self) -> bool:
        """Whether the rail is live, bounces ignored."""
        return self.back_fed or self.feeding

    @property
    def rail(self) -> bool:
        """Whether the rail is live at this moment."""
        passing = self.supplied and self.plugged and self._contact.touching
        return self.back_fed or passing

    def follow(self, level: Level) -> None:
        """Follow a new level of the line: the coil at once, the contact a little later."""
        self._level = level
        if self.coil == self._energised():
            return
        self.coil = not self.coil
        if self._moving:
            self._moving.cancel()
        span = OPERATE if self.coil else RELEASE
        self._moving = self._timeline.after(self._timeline.draw(span) + self.slow, self._arrive)

    def change(
        self,
        *,
        plugged: bool | None = None,
        supplied: bool | None = None,
        welded: bool | None = None,
        stuck: bool | None = None,
        back_fed: bool | None = None,
        slow: float | None = None,
    ) -> None:
        """Change attributes of the feed; None leaves one unchanged."""
        self.plugged = self.plugged if plugged is None else plugged
        self.supplied = self.supplied if supplied is None else supplied
        self.back_fed = self.back_fed if back_fed is None else back_fed
        self.slow = self.slow if slow is None else slow
        self.stuck = self.stuck if stuck is None else stuck
        self.follow(self._level)
        if welded is not None and welded != self.welded:
            self.welded = welded
            if self._moving is None or not self._moving.pending:
                self._arrive()
        self._passed()

    def describe(self) -> dict[str, Any]:
        """The feed as JSON."""
        return {
            "pin": self.wire.pin,
            "level": self._level,
            "active_high": self.wire.active_high,
            "coil": "energised" if self.coil else "released",
            "contact": self.wire.contact,
            "closed": self.closed,
            "plugged": self.plugged,
            "live": self.live,
            "welded": self.welded,
            "stuck": self.stuck,
            "back_fed": self.back_fed,
            "slow": self.slow,
        }

    def _energised(self) -> bool:
        driven = self._level is not None and bool(self._level) == self.wire.active_high
        return driven and not self.stuck

    def _wanted(self) -> bool:
        return self.welded or self.coil == (self.wire.contact == "NO")

    def _arrive(self) -> None:
        self._contact.move(closed=self._wanted())

    def _passed(self) -> None:
        """Update the rail after a possible change between the supply and the machine."""
        if self.rail == self._rail:
            return
        self._rail = self.rail
        if self._lasting:
            self._lasting.cancel()
        if self._rail != self.delivered:
            self._lasting = self._timeline.after(HOLD_UP, self._notice)
        self._sensed()

    def _notice(self) -> None:
        self.delivered = self._rail
        self._noticed(self.delivered)
