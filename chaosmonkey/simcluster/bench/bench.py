"""The simulated electric bench: relays and rails, driven by pins and changed by hand.

    header ─► relays ─► rails ─► the machines notice
      ▲         ▲         └────► sense lines, meters
      │         └─ by hand: sockets, faults, the supply
      └─ I2C: the panel's expander ◄─ by hand: buttons

As on a real table, only machines, sense lines and meters notice a change made by hand.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from chaosmonkey.errors import UnknownMachine
from chaosmonkey.simcluster.bench.chips.bus import SimBus
from chaosmonkey.simcluster.bench.feeds import OPERATE, RELEASE, Circuit
from chaosmonkey.simcluster.bench.gpio import Gpio, Pin
from chaosmonkey.simcluster.bench.meters import fit
from chaosmonkey.simcluster.bench.panel import NotOnBench, SimPanel
from chaosmonkey.simcluster.bench.wiring import FEEDS, FeedName, PanelWiring, Pull, SimMachine, Wire
from chaosmonkey.simcluster.timeline import Timeline

__all__ = ["OPERATE", "RELEASE", "Bench", "SimMachine", "Wire"]


class Bench:
    """All pins, relays, sockets, rails, chips and buttons.

    Args:
        timeline: schedules the movements of contacts.
        machines: the machines and their wiring.
        rail: called when a rail comes or goes for longer than a machine bridges, with the
            machine, the feed and whether it is live.
        panel: how the panel is wired; None for a table without one.
        persist: whether the lines keep their levels when the program that drove them dies
            (`persist_gpio_outputs`, the default on Raspberry Pi OS). The expander always does.
        seed: seed of bounces and meters; they do not use the timeline's random numbers.

    Raises:
        ValueError: a line is wired to two things, or an address to two chips.

    Attributes:
        gpio: the header's lines.
        bus: the I2C chips.
        supply: whether the supply of the power feeds works.
    """

    def __init__(
        self,
        timeline: Timeline,
        machines: Iterable[SimMachine],
        rail: Callable[[str, FeedName, bool], None],
        *,
        panel: PanelWiring | None = None,
        persist: bool = True,
        seed: int = 0,
    ) -> None:
        self.persist = persist
        self.gpio = Gpio()
        self.bus = SimBus()
        self.supply = True
        self._timeline = timeline
        self._rail = rail
        self._chance = random.Random(f"bounces {seed}")  # noqa: S311 - no secret
        self._feeds: dict[tuple[str, FeedName], Circuit] = {}
        self._senses: dict[str, int | None] = {}
        for machine in machines:
            self._wire(machine)
            if machine.meter is not None:
                fit(machine.meter, self._feeds[machine.name, "power"], self.bus, seed=seed)
        self._panel = (
            SimPanel(panel, self.gpio, self.bus, timeline=timeline, chance=self._chance)
            if panel
            else None
        )

    def _wire(self, machine: SimMachine) -> None:
        self._feed(machine, "power", machine.power, machine.rail)
        self._feed(machine, "network", machine.network, None)
        self._senses[machine.name] = machine.rail

    def _feed(self, machine: SimMachine, name: FeedName, wire: Wire, sense: int | None) -> None:
        feed = self._feeds[machine.name, name] = Circuit(
            machine.name,
            name,
            wire,
            level=self.pins[wire.pin].level,
            timeline=self._timeline,
            chance=self._chance,
            sensed=lambda: None if sense is None else self.gpio.update(sense),
            noticed=lambda live: self._rail(machine.name, name, live),
        )
        self.gpio.follow(wire.pin, feed.follow)
        if sense is not None:
            self.gpio.tie(sense, lambda: int(feed.rail))

    @property
    def pins(self) -> dict[int, Pin]:
        """Every line of the header by its BCM number."""
        return self.gpio.pins

    @property
    def panel(self) -> SimPanel:
        """The panel. Raises NotOnBench."""
        if self._panel is None:
            raise NotOnBench("a panel")
        return self._panel

    def drive(self, pin: int, level: int) -> None:
        """Make a line an output at a level."""
        self.gpio.drive(pin, level)

    def release(self, pin: int, pull: Pull) -> None:
        """Make a line an input with a pull."""
        self.gpio.release(pin, pull)

    def controller_lost(self) -> None:
        """The controlling program is gone: the lines keep their levels or return to boot state."""
        if not self.persist:
            self.gpio.boot()

    def change_feed(
        self,
        machine: str,
        feed: FeedName,
        *,
        plugged: bool | None = None,
        welded: bool | None = None,
        stuck: bool | None = None,
        back_fed: bool | None = None,
        slow: float | None = None,
    ) -> None:
        """Plug or unplug a feed by hand, or break or repair a part of it.

        None leaves an attribute unchanged; `Circuit` describes each. Raises UnknownMachine.
        """
        self.feed(machine, feed).change(
            plugged=plugged, welded=welded, stuck=stuck, back_fed=back_fed, slow=slow
        )

    def supply_power(self, *, alive: bool) -> None:
        """Switch the supply of all power feeds on or off."""
        self.supply = alive
        for feed in self._feeds.values():
            if feed.name == "power":
                feed.change(supplied=alive)

    def feed(self, machine: str, feed: FeedName) -> Circuit:
        """One feed. Raises UnknownMachine."""
        if (machine, feed) not in self._feeds:
            raise UnknownMachine(machine, self.machines())
        return self._feeds[machine, feed]

    def machines(self) -> list[str]:
        """The names of all machines, in the order of their wiring."""
        return list(self._senses)

    def describe(self) -> dict[str, Any]:
        """The whole bench as JSON."""
        return {
            "persist_gpio_outputs": self.persist,
            "supply": {"alive": self.supply},
            "machines": {
                machine: {name: self._feeds[machine, name].describe() for name in FEEDS}
                | {"rail": self._sense(sense)}
                for machine, sense in self._senses.items()
            },
            "panel": self._panel and self._panel.describe(),
            "chips": self.bus.describe(),
            "pins": self.gpio.describe(),
        }

    def _sense(self, pin: int | None) -> dict[str, Any] | None:
        return None if pin is None else {"pin": pin, "level": self.pins[pin].level}
