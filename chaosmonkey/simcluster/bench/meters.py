"""Measuring chips in the machines' power feeds, and their readings."""

from __future__ import annotations

import random

from chaosmonkey.simcluster.bench.chips.bus import SimBus
from chaosmonkey.simcluster.bench.chips.ina import Ina, Ina219, Ina3221, Measurement
from chaosmonkey.simcluster.bench.feeds import Circuit
from chaosmonkey.simcluster.bench.wiring import Meter
from chaosmonkey.simcluster.timeline import Span

VOLTS = 5.1
"""Volts of a live feed."""
DRAW: Span = (0.42, 0.88)
"""Amperes that a running machine draws; each has its own (a Raspberry Pi 3 or 4 without load,
engineering estimate)."""

_VOLTS_NOISE = 0.02
_DRAW_NOISE = 0.02


class MeteredCircuit:
    """The measurements of one feed: the rail's voltage, and the current through the feed.

    A back-fed rail has a voltage, but draws no current here.

    Args:
        feed: the feed.
        seed: seed of the machine's current and of the noise.
    """

    def __init__(self, feed: Circuit, *, seed: int) -> None:
        self._feed = feed
        self._chance = random.Random(f"meter {feed.machine} {seed}")  # noqa: S311 - no secret
        self._draw = self._chance.uniform(*DRAW)

    def __call__(self) -> Measurement:
        """Measure the feed."""
        feed, noise = self._feed, self._chance.uniform(-1.0, 1.0)
        running = feed.delivered and feed.feeding
        return Measurement(
            volts=VOLTS + _VOLTS_NOISE * noise if feed.live else 0.0,
            amperes=self._draw * (1 + _DRAW_NOISE * noise) if running else 0.0,
        )


def fit(meter: Meter, feed: Circuit, bus: SimBus, *, seed: int) -> None:
    """Put a meter into a feed; machines may share an INA3221.

    Raises:
        ValueError: another chip has the address, or the channel is taken.
    """
    wanted: type[Ina] = Ina3221 if meter.chip == "ina3221" else Ina219
    chip = bus.chips.setdefault(meter.address, wanted())
    if not isinstance(chip, wanted):
        text = f"two chips have the I2C address 0x{meter.address:02x}"
        raise ValueError(text)  # noqa: TRY004 - the wiring is wrong, not a type
    chip.fit(meter.channel, MeteredCircuit(feed, seed=seed))
