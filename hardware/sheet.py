"""A sheet of paper for schematics: strokes and symbols in absolute coordinates, drawn by schemdraw.

One unit is 0.42 inches; some five letters fit on it.
"""

from __future__ import annotations

from itertools import pairwise

import schemdraw
import schemdraw.elements as elm

Point = tuple[float, float]


class Sheet:
    """What may be drawn on it. Each symbol says where it begins and, mostly, where it ends."""

    def __init__(self) -> None:
        schemdraw.use("svg")
        schemdraw.svgconfig.text = "text"
        self._drawing = schemdraw.Drawing(show=False)
        self._drawing.config(fontsize=11, inches_per_unit=0.42, font="sans-serif", bgcolor="white")

    def svg(self) -> str:
        """The drawing as it is kept: one that ends with a line feed."""
        drawn: bytes = self._drawing.get_imagedata("svg")
        return drawn.decode().rstrip() + "\n"

    # --- strokes ------------------------------------------------------------------------------

    def wire(self, *points: Point) -> None:
        """A line through some points."""
        for begin, end in pairwise(points):
            self._add(elm.Line().at(begin).to(end))

    def dashed(self, begin: Point, end: Point) -> None:
        """A line that is no wire: two parts that move together, or a message."""
        self._add(elm.Line().at(begin).to(end).linestyle("--"))

    def dot(self, at: Point) -> None:
        """Two wires meet."""
        self._add(elm.Dot().at(at))

    def ring(self, at: Point) -> None:
        """A terminal, or an end of a contact."""
        self._add(elm.Dot(open=True).at(at))

    def say(self, at: Point, text: str, align: str = "left") -> None:
        """A text that begins, ends or has its centre there."""
        label = elm.Label().at(at).theta(0)  # otherwise it turns with what was drawn before
        self._add(label.label(text, loc="center", halign=align, valign="center", ofst=0))

    def lines(self, at: Point, *texts: str) -> None:
        """Sentences under each other."""
        x, y = at
        for number, text in enumerate(texts):
            self.say((x, y - 0.65 * number), text)

    def box(self, corner: Point, other: Point, title: str) -> None:
        """A part with its name above."""
        (x, y), (right, bottom) = corner, other
        self.wire((x, y), (right, y), (right, bottom), (x, bottom), (x, y))
        self.say((x + 0.1, y + 0.35), title)

    # --- symbols ------------------------------------------------------------------------------

    def ground(self, at: Point) -> None:
        """0 V."""
        self._add(elm.Ground().at(at))

    def resistor(self, begin: Point, end: Point) -> None:
        """A resistor between two points."""
        self._add(elm.ResistorIEC().at(begin).to(end))

    def capacitor(self, begin: Point, end: Point) -> None:
        """A capacitor between two points."""
        self._add(elm.Capacitor().at(begin).to(end))

    def diode(self, begin: Point, end: Point) -> None:
        """A diode that lets current pass from the first point to the second."""
        self._add(elm.Diode().at(begin).to(end))

    def led(self, begin: Point, end: Point) -> None:
        """An LED, its anode first."""
        self._add(elm.LED().at(begin).to(end))

    def fuse(self, begin: Point, end: Point) -> None:
        """A fuse between two points."""
        self._add(elm.FuseIEC().at(begin).to(end))

    def coil(self, begin: Point, end: Point) -> None:
        """A relay's coil."""
        self._add(elm.RBox().at(begin).to(end))

    def push_to_make(self, at: Point) -> None:
        """A button that is open at rest, 1.6 wide."""
        x, y = at
        self.ring(at)
        self.ring((x + 1.6, y))
        self.wire((x, y + 0.35), (x + 1.6, y + 0.35))
        self.wire((x + 0.8, y + 0.35), (x + 0.8, y + 0.7))

    def push_to_break(self, at: Point, ends: tuple[str, str]) -> None:
        """A contact of a button that is closed at rest, 1.6 wide, with the names of its ends."""
        x, y = at
        self.ring(at)
        self.ring((x + 1.6, y))
        self.wire((x, y + 0.12), (x + 1.6, y + 0.12))
        self.wire((x + 0.8, y + 0.12), (x + 0.8, y + 0.6))
        self.say((x, y - 0.4), ends[0], "center")
        self.say((x + 1.6, y - 0.4), ends[1], "center")

    def changeover(self, at: Point, name: str) -> None:
        """A relay's contact at rest, 2.6 wide: COM closed to NC; NO has no wire."""
        x, y = at
        self.say((x, y + 0.95), name)
        self.ring(at)
        self.ring((x + 2.6, y))
        self.wire((x + 0.1, y + 0.06), (x + 2.5, y + 0.06))
        self.ring((x + 2.6, y - 0.75))
        self.say((x - 0.1, y - 0.4), "COM")
        self.say((x + 2.2, y + 0.4), "NC", "right")
        self.say((x + 2.3, y - 0.75), "NO, free", "right")

    def _add(self, element: elm.Element) -> None:
        self._drawing.add(element)
