"""The schematics, drawn by schemdraw from lab.toml: one row for each worker, every wire named.

power      header ─► ULN2803A ─► coil; charger ─► fuse ─► COM, NC ─► worker
network    header ─► ULN2803A ─► coil; switch ─► COM, NC of two poles ─► worker
"""

from __future__ import annotations

import schemdraw
import schemdraw.elements as elm

from chaosmonkey.model import FeedKind
from hardware.table import COIL_PIN, GROUND_PIN, Channel

PITCH = {FeedKind.POWER: 4.3, FeedKind.NETWORK: 6.2}
"""Height of a worker's row, in schemdraw's units."""

CHIP, COILS, RAIL, SOURCE, CONTACT, WORKER = 8.0, 17.0, 21.0, 23.5, 31.0, 37.5
"""Where the parts of a row begin, from the left."""

Point = tuple[float, float]


def power(rows: list[Channel]) -> str:
    """The sheet for the 5 V of the workers, as SVG."""
    sheet = _Sheet()
    sheet.control(rows, f"pin {GROUND_PIN}")
    for one in rows:
        sheet.power_contact(one)
    sheet.note("Port 6 of G1 feeds the master: all grounds meet there.")
    return sheet.svg()


def network(rows: list[Channel], ground: int) -> str:
    """The sheet for the Ethernet cables of the workers, as SVG."""
    sheet = _Sheet()
    sheet.control(rows, f"pin {ground}")
    for one in rows:
        sheet.network_contact(one)
    sheet.note("F1 and S1 are those of the other sheet: there is one of each.")
    return sheet.svg()


def _row(one: Channel) -> float:
    return -3.8 - PITCH[one.feed] * (one.number - 1)


class _Sheet:
    """A drawing in absolute coordinates."""

    def __init__(self) -> None:
        schemdraw.use("svg")
        schemdraw.svgconfig.text = "text"
        self._drawing = schemdraw.Drawing(show=False)
        self._drawing.config(fontsize=11, inches_per_unit=0.42, font="sans-serif", bgcolor="white")

    def svg(self) -> str:
        """The drawing as it is kept: one that ends with a line feed."""
        return self._drawing.get_imagedata("svg").decode().rstrip() + "\n"

    # --- what both sheets have ----------------------------------------------------------------

    def control(self, rows: list[Channel], ground: str) -> None:
        """Header, driver chip, coils and their 5 V."""
        bottom = _row(rows[-1]) - 3.2
        self._box((0, 0.6), (4.2, bottom), "X1  header of the master")
        self._box((CHIP, -0.9), (CHIP + 6.2, bottom), f"{rows[0].driver}  ULN2803A")
        self._coil_supply(rows)
        self._ground(ground, bottom)
        for one in rows:
            self._coil(one)

    def _coil(self, one: Channel) -> None:
        y = _row(one)
        self._say((4.0, y), f"BCM {one.bcm} = pin {one.header}", "right")
        self._wire((4.2, y), (CHIP, y))
        self._say((4.4, y + 0.3), f"{one.colour}  {one.machine}", "left")
        self._dot((6.9, y))
        self._add(elm.ResistorIEC().at((6.9, y)).to((6.9, y - 1.4)))
        self._say((6.2, y - 0.7), "10 kΩ", "right")
        self._add(elm.Ground().at((6.9, y - 1.4)))
        self._say((CHIP + 0.2, y + 0.3), f"{one.input}", "left")
        left = CHIP + 1.0
        self._wire((CHIP, y), (left, y))
        for a, b in (((left, y + 0.5), (left, y - 0.5)), ((left, y - 0.5), (left + 0.9, y)),
                     ((left + 0.9, y), (left, y + 0.5))):  # fmt: skip
            self._wire(a, b)
        self._add(elm.Dot(open=True).at((left + 1.0, y)))
        self._wire((left + 1.1, y), (COILS, y))
        self._dot((CHIP + 3.4, y))
        self._add(elm.Diode().at((CHIP + 3.4, y)).to((CHIP + 3.4, y + 1.3)))
        self._wire((CHIP + 3.4, y + 1.3), (CHIP + 4.6, y + 1.3))
        self._dot((CHIP + 4.6, y + 1.3))
        self._say((CHIP + 6.0, y + 0.3), f"{one.output}", "right")
        self._say((CHIP + 6.4, y + 0.3), f"{one.colour}  {one.machine}", "left")
        self._add(elm.RBox().at((COILS, y)).to((COILS + 2.4, y)))
        self._say((COILS + 1.2, y + 0.75), f"{one.relay} coil", "center")
        self._wire((COILS + 2.4, y), (RAIL, y))
        self._dot((RAIL, y))

    def _coil_supply(self, rows: list[Channel]) -> None:
        y = -0.1
        self._say((4.0, y), f"5 V = pin {COIL_PIN}", "right")
        self._say((4.4, y + 0.3), "RD", "left")
        self._wire((4.2, y), (5.4, y))
        self._add(elm.FuseIEC().at((5.4, y)).to((7.6, y)))
        self._say((6.5, y + 0.65), "F1  1.1 A", "center")
        self._wire((7.6, y), (8.6, y))
        self._add(elm.Dot(open=True).at((8.6, y)))
        self._add(elm.Dot(open=True).at((10.2, y)))
        self._wire((8.6, y + 0.12), (10.2, y + 0.12))
        self._wire((9.4, y + 0.12), (9.4, y + 0.6))
        self._say((8.4, y + 0.9), "S1  latching, NC: pressed, all are on", "left")
        self._wire((10.2, y), (RAIL, y))
        self._say((RAIL - 0.2, y + 0.3), "5 V of the coils", "right")
        self._wire((RAIL, y), (RAIL, _row(rows[-1])))
        bus = CHIP + 4.6
        self._wire((bus, y), (bus, _row(rows[-1]) + 1.3))
        self._dot((bus, y))
        self._say((bus - 0.2, -1.4), "10 COM", "right")

    def _ground(self, ground: str, bottom: float) -> None:
        y = bottom + 0.5
        self._say((4.0, y), f"GND = {ground}", "right")
        self._say((4.4, y + 0.3), "BK", "left")
        self._wire((4.2, y), (CHIP, y))
        self._dot((5.6, y))
        self._add(elm.Ground().at((5.6, y)))
        self._say((CHIP + 0.2, y), "9 GND", "left")

    def note(self, text: str) -> None:
        """A sentence above the contacts."""
        self._say((SOURCE, 0.3), text, "left")

    # --- contacts -----------------------------------------------------------------------------

    def power_contact(self, one: Channel) -> None:
        """Charger, fuse, contact and worker of a row."""
        y, low = _row(one), _row(one) - 1.9
        self._box((SOURCE, y + 0.9), (SOURCE + 2.9, low - 0.5), f"G1  port {one.number}")
        self._say((SOURCE + 2.7, y), "5 V", "right")
        self._say((SOURCE + 3.1, y + 0.3), "RD", "left")
        self._wire((SOURCE + 2.9, y), (SOURCE + 3.7, y))
        self._add(elm.FuseIEC().at((SOURCE + 3.7, y)).to((SOURCE + 5.9, y)))
        self._say((SOURCE + 4.8, y + 0.75), f"F{10 + one.number}  3 A", "center")
        self._wire((SOURCE + 5.9, y), (CONTACT, y))
        self._contact((CONTACT, y), one.relay)
        self._wire((CONTACT + 2.6, y), (WORKER, y))
        self._say((WORKER - 0.2, y + 0.3), "RD  5 V", "right")
        self._say((SOURCE + 2.7, low), "GND", "right")
        self._wire((SOURCE + 2.9, low), (WORKER, low))
        self._say((WORKER - 0.2, low + 0.3), "BK  GND, never switched", "right")
        self._box((WORKER, y + 0.9), (WORKER + 3.2, low - 0.5), one.machine)
        self._say((WORKER + 0.2, y), "5 V", "left")
        self._say((WORKER + 0.2, low), "GND", "left")

    def network_contact(self, one: Channel) -> None:
        """Switch, the two poles of the contact and the worker of a row."""
        y = _row(one) + 0.9
        low, rest = y - 2.2, y - 4.0
        self._box((SOURCE, y + 0.8), (SOURCE + 3.6, rest - 0.4), f"switch  port {one.number}")
        self._box((WORKER, y + 0.8), (WORKER + 3.6, rest - 0.4), one.machine)
        for pole, (height, wire) in enumerate(((y, "1  WH/OG"), (low, "2  OG")), start=1):
            self._say((SOURCE + 3.4, height), wire, "right")
            self._wire((SOURCE + 3.6, height), (CONTACT, height))
            self._contact((CONTACT, height), f"{one.relay} pole {pole}")
            self._wire((CONTACT + 2.6, height), (WORKER, height))
            self._say((WORKER + 0.2, height), wire, "left")
        self._wire((SOURCE + 3.6, rest), (WORKER, rest))
        self._say((SOURCE + 3.4, rest), "3, 6 (others)", "right")
        self._say((WORKER + 0.2, rest), "3, 6 (others)", "left")
        self._say((WORKER - 0.2, rest + 0.3), "straight through", "right")

    def _contact(self, at: Point, name: str) -> None:
        """A changeover contact at rest: closed to NC; NO has no wire."""
        x, y = at
        self._say((x, y + 0.75), name, "left")
        self._add(elm.Dot(open=True).at((x, y)))
        self._add(elm.Dot(open=True).at((x + 2.6, y)))
        self._wire((x + 0.1, y + 0.06), (x + 2.5, y + 0.06))
        self._add(elm.Dot(open=True).at((x + 2.6, y - 0.7)))
        self._say((x - 0.1, y - 0.32), "COM", "left")
        self._say((x + 2.2, y + 0.35), "NC", "right")
        self._say((x + 2.3, y - 0.7), "NO, free", "right")

    # --- strokes ------------------------------------------------------------------------------

    def _add(self, element: elm.Element) -> None:
        self._drawing.add(element)

    def _wire(self, begin: Point, end: Point) -> None:
        self._add(elm.Line().at(begin).to(end))

    def _dot(self, at: Point) -> None:
        self._add(elm.Dot().at(at))

    def _say(self, at: Point, text: str, align: str) -> None:
        self._add(
            elm.Label().at(at).label(text, loc="center", halign=align, valign="center", ofst=0)
        )

    def _box(self, corner: Point, other: Point, title: str) -> None:
        (x, y), (right, bottom) = corner, other
        for a, b in (((x, y), (right, y)), ((right, y), (right, bottom)),
                     ((right, bottom), (x, bottom)), ((x, bottom), (x, y))):  # fmt: skip
            self._wire(a, b)
        self._say((x + 0.1, y + 0.35), title, "left")
