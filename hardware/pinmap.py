"""pins.md, the pin map of the classic table: made of lab.toml, compared by a test."""

from __future__ import annotations

from collections.abc import Iterator

from chaosmonkey.config import Lab
from chaosmonkey.model import FeedKind
from hardware.table import (
    COIL_PIN,
    GROUND_PIN,
    HEADER,
    PULLED_UP,
    RESERVED,
    Channel,
    channels,
)

HEAD = """\
# Pin map of the classic table

<!-- Made by `make drawings` of hardware/lab.toml; do not edit. -->

The number in `lab.toml` is the BCM number; the one that you count on the board is the header's. A
Raspberry Pi pulls BCM 0 to 8 up at boot and BCM 9 to 27 down. A line that is pulled up would
energise an active-high driver for the seconds until somebody takes hold of it, and cut its worker
at every boot of the master: no relay of this table hangs on one.
"""


def page(lab: Lab) -> str:
    """The whole page."""
    used = [one for feed in FeedKind for one in channels(lab, feed)]
    parts = [HEAD, "| relay | switches | BCM | header pin | driver: in → out | wire | at boot |"]
    parts.append("|---|---|---|---|---|---|---|")
    parts += [
        f"| {one.relay} | {one.machine}, {one.feed} | {one.bcm} | {one.header} "
        f"| {one.driver}: {one.input} → {one.output} | {one.colour} | {at_boot(one.bcm)} |"
        for one in used
    ]
    parts += [
        f"| | 5 V of the coils | | {COIL_PIN} | COM: 10 | RD | |",
        f"| | ground | | {GROUND_PIN}, 9 | GND: 9 | BK | |",
        "",
        "## What is left",
        "",
        "| BCM | header pin | at boot | good for |",
        "|---|---|---|---|",
        *_left(used),
    ]
    return "\n".join(parts) + "\n"


def at_boot(bcm: int) -> str:
    """What the line is before anybody takes hold of it."""
    return "pulled up" if bcm in PULLED_UP else "pulled down"


def _left(used: list[Channel]) -> Iterator[str]:
    taken = {one.bcm for one in used}
    for bcm in sorted(HEADER.keys() - taken):
        good = "no active-high relay: buttons" if bcm in PULLED_UP else "a relay, an LED"
        yield f"| {bcm} | {HEADER[bcm]} | {at_boot(bcm)} | {RESERVED.get(bcm, good)} |"
