"""A sheet for schematics: lines and symbols at absolute coordinates, drawn by schemdraw.

One unit is 0.42 inches, about five letters wide.
"""

from __future__ import annotations

from itertools import pairwise

import schemdraw
import schemdraw.elements as elm

Point = tuple[float, float]


class Sheet:
    """Draws lines, texts and symbols. Most symbols take their begin and end points."""

    def __init__(self) -> None:
        schemdraw.use("svg")
        schemdraw.svgconfig.text = "text"
        self._drawing = schemdraw.Drawing(show=False)
        self._drawing.config(fontsize=11, inches_per_unit=0.42, font="sans-serif", bgcolor="white")

    def svg(self) -> str:
        """The drawing as SVG, with a line feed at its end."""
        drawn: bytes = self._drawing.get_imagedata("svg")
        return drawn.decode().rstrip() + "\n"

    # --- strokes ------------------------------------------------------------------------------

    def wire(self, *points: Point) -> None:
        """A line through points."""
        for begin, end in pairwise(points):
            self._add(elm.Line().at(begin).to(end))

    def dashed(self, begin: Point, end: Point) -> None:
        """A dashed line: a mechanical coupling or a jumper."""
        self._add(elm.Line().at(begin).to(end).linestyle("--"))

    def dot(self, at: Point) -> None:
        """A junction of wires."""
        self._add(elm.Dot().at(at))

    def ring(self, at: Point) -> None:
        """A terminal, or the end of a contact."""
        self._add(elm.Dot(open=True).at(at))

    def label(self, at: Point, text: str, align: str = "left") -> None:
        """A text, aligned left, right or centred at a point."""
        element = elm.Label().at(at).theta(0)  # otherwise it turns with what was drawn before
        self._add(element.label(text, loc="center", halign=align, valign="center", ofst=0))

    def lines(self, at: Point, *texts: str) -> None:
        """Lines of text, one below the other."""
        x, y = at
        for number, text in enumerate(texts):
            self.label((x, y - 0.65 * number), text)

    def box(self, corner: Point, other: Point, title: str) -> None:
        """A box with a title above."""
        (x, y), (right, bottom) = corner, other
        self.wire((x, y), (right, y), (right, bottom), (x, bottom), (x, y))
        self.label((x + 0.1, y + 0.35), title)

    # --- symbols ------------------------------------------------------------------------------

    def ground(self, at: Point) -> None:
        """A ground symbol (0 V)."""
        self._add(elm.Ground().at(at))

    def resistor(self, begin: Point, end: Point) -> None:
        """A resistor between two points."""
        self._add(elm.ResistorIEC().at(begin).to(end))

    def capacitor(self, begin: Point, end: Point) -> None:
        """A capacitor between two points."""
        self._add(elm.Capacitor().at(begin).to(end))

    def diode(self, begin: Point, end: Point) -> None:
        """A diode that conducts from the first point to the second."""
        self._add(elm.Diode().at(begin).to(end))

    def led(self, begin: Point, end: Point) -> None:
        """An LED, anode first."""
        self._add(elm.LED().at(begin).to(end))

    def fuse(self, begin: Point, end: Point) -> None:
        """A fuse between two points."""
        self._add(elm.FuseIEC().at(begin).to(end))

    def coil(self, begin: Point, end: Point) -> None:
        """A relay's coil."""
        self._add(elm.RBox().at(begin).to(end))

    def push_to_make(self, at: Point) -> None:
        """A normally open button, 1.6 wide."""
        x, y = at
        self.ring(at)
        self.ring((x + 1.6, y))
        self.wire((x, y + 0.35), (x + 1.6, y + 0.35))
        self.wire((x + 0.8, y + 0.35), (x + 0.8, y + 0.7))

    def push_to_break(self, at: Point, ends: tuple[str, str]) -> None:
        """A normally closed button contact, 1.6 wide, with the names of its ends."""
        x, y = at
        self.ring(at)
        self.ring((x + 1.6, y))
        self.wire((x, y + 0.12), (x + 1.6, y + 0.12))
        self.wire((x + 0.8, y + 0.12), (x + 0.8, y + 0.6))
        self.label((x, y - 0.4), ends[0], "center")
        self.label((x + 1.6, y - 0.4), ends[1], "center")

    def changeover(self, at: Point, name: str) -> None:
        """A relay's changeover contact, released, 2.6 wide: COM closed to NC; NO unconnected."""
        x, y = at
        self.label((x, y + 0.95), name)
        self.ring(at)
        self.ring((x + 2.6, y))
        self.wire((x + 0.1, y + 0.06), (x + 2.5, y + 0.06))
        self.ring((x + 2.6, y - 0.75))
        self.label((x - 0.1, y - 0.4), "COM")
        self.label((x + 2.2, y + 0.4), "NC", "right")
        self.label((x + 2.3, y - 0.75), "NO, free", "right")

    def _add(self, element: elm.Element) -> None:
        self._drawing.add(element)
