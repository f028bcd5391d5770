"""The pretend electric bench: what a pin does to a machine.

    pin level ─► coil ─► contact (NC or NO) ─┐
                                             ├─► rail live ─► the machine has power, or its link
    a hand fills or empties the socket ──────┘

What a hand does is told to nobody: only the machine notices, as on a real table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from chaosmonkey.errors import UnknownMachine
from chaosmonkey.simcluster.timeline import Booking, Span, Timeline

FeedName = Literal["power", "network"]
Contact = Literal["NC", "NO"]
Pull = Literal["up", "down", "floating"]

FEEDS: tuple[FeedName, ...] = ("power", "network")
PINS = range(28)
"""The BCM numbers of a 40-pin header."""

OPERATE: Span = (0.004, 0.010)
"""From a coil's current to the contact's change: 10 ms at most for a common relay."""
RELEASE: Span = (0.002, 0.005)
"""From the end of the current to the contact's return: 5 ms at most."""


@dataclass(frozen=True)
class Wire:
    """How one feed of one machine is switched.

    Attributes:
        pin: the BCM number of the line that drives the relay's coil.
        contact: the contact that the feed runs through. NC (normally closed) keeps the feed on
            while nothing drives the line.
        active_high: whether a high line energises the coil.
    """

    pin: int
    contact: Contact = "NC"
    active_high: bool = True


@dataclass(frozen=True)
class SimMachine:
    """One pretend machine: its name (its node's too) and how its two feeds are wired."""

    name: str
    power: Wire
    network: Wire


@dataclass
class Pin:
    """One line of the header: an output with a level, or an input with a pull."""

    number: int
    out: int | None = None
    pull: Pull = "down"

    @property
    def level(self) -> int | None:
        """High (1), low (0), or None: floating."""
        if self.out is not None:
            return self.out
        return {"up": 1, "down": 0, "floating": None}[self.pull]

    def boot(self) -> None:
        """Be what it is when a Raspberry Pi starts: BCM 0-8 pulled up, the others down."""
        self.out = None
        self.pull = "up" if self.number <= 8 else "down"


@dataclass
class Feed:
    """One feed of one machine on the bench."""

    machine: str
    name: FeedName
    wire: Wire
    plugged: bool = True
    coil: bool = False
    closed: bool = True
    moving: Booking | None = field(default=None, repr=False)

    @property
    def live(self) -> bool:
        """Whether the machine has it."""
        return self.plugged and self.closed


class Bench:
    """All pins, relays, sockets and rails.

    Args:
        timeline: when contacts move.
        machines: what is wired to what.
        rail: told of every rail that comes or goes: machine, feed, whether it is live.
        persist: whether the lines keep their levels when the program that drove them dies
            (`persist_gpio_outputs`, the default on Raspberry Pi OS).
    """

    def __init__(
        self,
        timeline: Timeline,
        machines: Iterable[SimMachine],
        rail: Callable[[str, FeedName, bool], None],
        *,
        persist: bool = True,
    ) -> None:
        self.persist = persist
        self.pins = {number: Pin(number) for number in PINS}
        self._timeline = timeline
        self._rail = rail
        self._feeds: dict[tuple[str, FeedName], Feed] = {}
        for pin in self.pins.values():
            pin.boot()
        for machine in machines:
            self._wire(Feed(machine.name, "power", machine.power))
            self._wire(Feed(machine.name, "network", machine.network))

    def _wire(self, feed: Feed) -> None:
        self._feeds[feed.machine, feed.name] = feed
        feed.coil = self._energised(feed)
        feed.closed = feed.coil == (feed.wire.contact == "NO")

    def drive(self, pin: int, level: int) -> None:
        """Make a line an output at a level."""
        self.pins[pin].out = level
        self._follow(pin)

    def release(self, pin: int, pull: Pull) -> None:
        """Make a line an input with a pull."""
        self.pins[pin].out = None
        self.pins[pin].pull = pull
        self._follow(pin)

    def controller_lost(self) -> None:
        """The program that drove the lines is gone; they stay, or become what they are at boot."""
        if not self.persist:
            for pin in self.pins.values():
                pin.boot()
                self._follow(pin.number)

    def hand(self, machine: str, feed: FeedName, *, plugged: bool) -> None:
        """A hand fills or empties a socket. Raises UnknownMachine."""
        if (machine, feed) not in self._feeds:
            raise UnknownMachine(machine, self.machines())
        found = self._feeds[machine, feed]
        was = found.live
        found.plugged = plugged
        self._tell(found, was)

    def feed(self, machine: str, feed: FeedName) -> Feed:
        """One feed as it is. Raises UnknownMachine."""
        if (machine, feed) not in self._feeds:
            raise UnknownMachine(machine, self.machines())
        return self._feeds[machine, feed]

    def machines(self) -> list[str]:
        """The names of all machines, as they were wired."""
        return list(dict.fromkeys(machine for machine, _ in self._feeds))

    def describe(self) -> dict[str, Any]:
        """The whole bench as JSON."""
        return {
            "persist_gpio_outputs": self.persist,
            "machines": {
                machine: {name: self._describe(machine, name) for name in FEEDS}
                for machine in self.machines()
            },
            "pins": [
                {
                    "pin": pin.number,
                    "direction": "in" if pin.out is None else "out",
                    "pull": pin.pull if pin.out is None else None,
                    "level": pin.level,
                }
                for pin in self.pins.values()
            ],
        }

    def _describe(self, machine: str, name: FeedName) -> dict[str, Any]:
        feed = self._feeds[machine, name]
        return {
            "pin": feed.wire.pin,
            "level": self.pins[feed.wire.pin].level,
            "active_high": feed.wire.active_high,
            "coil": "energised" if feed.coil else "released",
            "contact": feed.wire.contact,
            "closed": feed.closed,
            "plugged": feed.plugged,
            "live": feed.live,
        }

    def _energised(self, feed: Feed) -> bool:
        level = self.pins[feed.wire.pin].level
        return level is not None and bool(level) == feed.wire.active_high

    def _follow(self, pin: int) -> None:
        """A line changed: the coils on it follow, and a little later their contacts."""
        for feed in self._feeds.values():
            if feed.wire.pin == pin and feed.coil != self._energised(feed):
                feed.coil = not feed.coil
                if feed.moving:
                    feed.moving.cancel()
                span = OPERATE if feed.coil else RELEASE
                feed.moving = self._timeline.within(span, lambda feed=feed: self._settle(feed))  # type: ignore[misc]

    def _settle(self, feed: Feed) -> None:
        was = feed.live
        feed.closed = feed.coil == (feed.wire.contact == "NO")
        self._tell(feed, was)

    def _tell(self, feed: Feed, was: bool) -> None:
        if feed.live != was:
            self._rail(feed.machine, feed.name, feed.live)
