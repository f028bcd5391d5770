"""Generate pins.md, the pin map of the classic table, from lab.toml."""

from __future__ import annotations

from collections.abc import Iterator

from chaosmonkey.config import Lab
from chaosmonkey.model import FeedKind
from hardware.panel import EXPANDER, PanelLayout, PanelPart, panel_layout
from hardware.table import (
    COIL_PIN,
    GROUND_PIN,
    HEADER,
    PANEL_GROUND_PIN,
    PULLED_UP,
    RED_GROUND_PIN,
    RESERVED,
    SENSE_GROUND_PIN,
    SUPPLY_PIN,
    WORKER_PIN,
    channels,
    rails,
)

HEAD = """\
# Pin map of the classic table

<!-- Generated from hardware/lab.toml by `make drawings`; do not edit. -->

`lab.toml` uses BCM numbers; header pins are counted on the board. A Raspberry Pi pulls BCM 0 to 8
up at boot and BCM 9 to 27 down. A pulled-up line energises an active-high driver until the server
claims it, and so cuts its worker at every boot of the master. No relay of this table uses one.
"""


LINES = """\
## The panel and the rail inputs

Inputs and LEDs may use lines that are pulled up at boot: they cut nothing. BCM 9, 10 and 11 belong
to SPI, 18 to 21 to digital audio: both must be off in `config.txt`, which is the default. BCM 2 and
3 are the I2C bus: set `dtparam=i2c_arm=on`.

| what | BCM | header pin | wired to | wire | at boot |
|---|---|---|---|---|---|
"""

EXPANDER_LINES = """\
## The expander

An MCP23017 at {address:#04x}: pins 15, 16 and 17 (its A0, A1, A2) to {straps}.

| line | pin of the chip | wired to | wire |
|---|---|---|---|
"""


def page(lab: Lab) -> str:
    """The whole page, as Markdown."""
    used = [one for feed in FeedKind for one in channels(lab, feed)]
    layout = panel_layout(lab)
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
        LINES + "\n".join(_lines(lab, layout)),
        "",
        _head_of_expander(layout) + "\n".join(_of_expander(layout)),
        "",
        "## Free lines",
        "",
        "| BCM | header pin | at boot | good for |",
        "|---|---|---|---|",
        *_left(_taken(lab, layout)),
    ]
    return "\n".join(parts) + "\n"


def _lines(lab: Lab, layout: PanelLayout) -> Iterator[str]:
    """Table rows of the header lines that drive no relay."""
    rows = [
        (
            f"{one.machine}'s rail",
            one.bcm,
            f"10 kΩ to its pin {WORKER_PIN}, 15 kΩ to ground",
            one.colour,
        )
        for one in rails(lab)
    ]
    rows += [
        ("SDA", 2, "U3: 13", "VT"),
        ("SCL", 3, "U3: 12", "GY"),
        ("the expander's INTA", layout.interrupt, "U3: 20", "YE"),
        ("the red button", layout.halt, "1 kΩ, S1: 21", "WH"),
        ("the heartbeat", layout.heartbeat, "330 Ω, H1", "GN"),
    ]
    for what, bcm, end, colour in rows:
        yield f"| {what} | {bcm} | {HEADER[bcm]} | {end} | {colour} | {at_boot(bcm)} |"
    yield f"| 3.3 V of the panel | | {SUPPLY_PIN} | U3: 9 | OG | |"
    yield f"| ground of the panel | | {PANEL_GROUND_PIN} | U3: 10 | BK | |"
    yield f"| ground of the red button | | {RED_GROUND_PIN} | S1: 22 | BK | |"
    yield f"| ground of the rail inputs | | {SENSE_GROUND_PIN} | the 15 kΩ | BK | |"


def _head_of_expander(layout: PanelLayout) -> str:
    ends = [f"{name} to {'3.3 V' if high else 'ground'}" for name, high in layout.straps.items()]
    straps = ", ".join(ends) if any(layout.straps.values()) else "ground"
    return EXPANDER_LINES.format(address=layout.address, straps=straps)


def _of_expander(layout: PanelLayout) -> Iterator[str]:
    spots: dict[str, tuple[PanelPart, str]] = {
        spot.line: (spot, spot.button) for spot in layout.buttons
    }
    spots |= {spot.line: (spot, spot.led) for spot in layout.leds}
    for line, pin in EXPANDER.items():
        if line in spots:
            spot, part = spots[line]
            yield f"| {line} | {pin} | {part}, {spot.machine} | {spot.colour} |"
        else:
            only = "; output only" if line.endswith("7") else ""
            yield f"| {line} | {pin} | free{only} | |"


def _taken(lab: Lab, layout: PanelLayout) -> set[int]:
    relays = {one.bcm for feed in FeedKind for one in channels(lab, feed)}
    return (
        relays
        | {one.bcm for one in rails(lab)}
        | {2, 3, layout.interrupt, layout.halt, layout.heartbeat}
    )


def at_boot(bcm: int) -> str:
    """The pull of the line at boot."""
    return "pulled up" if bcm in PULLED_UP else "pulled down"


def _left(taken: set[int]) -> Iterator[str]:
    for bcm in sorted(HEADER.keys() - taken):
        good = "buttons; no active-high relay" if bcm in PULLED_UP else "a relay, an LED"
        yield f"| {bcm} | {HEADER[bcm]} | {at_boot(bcm)} | {RESERVED.get(bcm, good)} |"
