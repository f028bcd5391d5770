"""The schematics of the relays, made of lab.toml: one row for each worker, every wire named.

power        header ─► ULN2803A ─► coil; charger ─► fuse ─► COM, NC ─► worker
network      header ─► ULN2803A ─► coil; switch ─► COM, NC of two poles ─► worker
active_low   header ─► a ready-made board; charger ─► fuse ─► COM, NC ─► worker
"""

from __future__ import annotations

from chaosmonkey.model import FeedKind
from hardware.sheet import Point, Sheet
from hardware.table import (
    COIL_PIN,
    GROUND_PIN,
    HEADER,
    RED_GROUND_PIN,
    SUPPLY_PIN,
    Channel,
)

PITCH = {FeedKind.POWER: 4.3, FeedKind.NETWORK: 6.7}
"""Height of a worker's row, in units."""

CHIP, COILS, RAIL, SOURCE, CONTACT, WORKER = 8.0, 17.0, 21.0, 23.5, 31.0, 37.5
"""Where the parts of a row begin, from the left."""


def power(rows: list[Channel]) -> str:
    """The sheet for the 5 V of the workers, as SVG."""
    sheet = _Relays()
    sheet.control(rows, f"pin {GROUND_PIN}")
    for one in rows:
        sheet.power_contact(one)
    sheet.say((SOURCE, 0.3), "Port 6 of G1 feeds the master: all grounds meet there.")
    return sheet.svg()


def network(rows: list[Channel], ground: int) -> str:
    """The sheet for the Ethernet cables of the workers, as SVG."""
    sheet = _Relays()
    sheet.control(rows, f"pin {ground}")
    for one in rows:
        sheet.network_contact(one)
    sheet.say((SOURCE, 0.3), "F1 and S1 are those of the other sheet: there is one of each.")
    return sheet.svg()


def active_low(rows: list[Channel], halt: int) -> str:
    """The sheet for a board whose relays a low line energises, as SVG."""
    sheet = _Relays()
    sheet.board(rows, halt)
    for one in rows:
        sheet.power_contact(one)
    sheet.say((SOURCE, 0.3), "Port 6 of G1 feeds the master: all grounds meet there.")
    return sheet.svg()


def red_button(sheet: Sheet, at: Point, halt: int, left: float) -> None:
    """The big red button's contact 21-22 on a line of the header, which is low while it is out.

    Args:
        sheet: what it is drawn on.
        at: where the line leaves the header.
        halt: the line.
        left: where its parts begin.
    """
    x, y = at
    sheet.say((x - 0.2, y), f"BCM {halt} = pin {HEADER[halt]}", "right")
    sheet.say((x + 0.2, y + 0.3), "WH  red button")
    sheet.wire(at, (left, y))
    sheet.dot((left, y))
    sheet.capacitor((left, y), (left, y - 1.5))
    sheet.say((left - 0.5, y - 0.9), "100 nF", "right")
    sheet.ground((left, y - 1.5))
    sheet.resistor((left, y), (left + 2.2, y))
    sheet.say((left + 1.1, y + 0.6), "1 kΩ", "center")
    node = left + 2.8
    sheet.wire((left + 2.2, y), (left + 3.8, y))
    sheet.dot((node, y))
    sheet.resistor((node, y), (node, y + 1.9))
    sheet.say((node - 0.4, y + 1.3), "1 kΩ", "right")
    sheet.wire((node - 0.4, y + 1.9), (node + 0.4, y + 1.9))
    sheet.say((node, y + 2.2), "3V3", "center")
    sheet.push_to_break((left + 3.8, y), ("21", "22"))
    sheet.say((left + 3.7, y + 0.95), "S1, the red button")
    sheet.wire((left + 5.4, y), (left + 6.4, y), (left + 6.4, y - 2.7), (x, y - 2.7))
    sheet.say((x - 0.2, y - 2.7), f"GND = pin {RED_GROUND_PIN}", "right")
    sheet.say((x + 0.2, y - 2.4), "BK  red button")


def _row(one: Channel) -> float:
    return -3.8 - PITCH[one.feed] * (one.number - 1)


class _Relays(Sheet):
    """A sheet with a row for each relay."""

    def control(self, rows: list[Channel], ground: str) -> None:
        """Header, driver chip, coils and their 5 V."""
        bottom = _row(rows[-1]) - 3.2
        self.box((0, 0.6), (4.2, bottom), "X1  header of the master")
        self.box((CHIP, -0.9), (CHIP + 6.2, bottom), "")
        self.say((CHIP + 0.2, bottom - 0.4), f"{rows[0].driver}  ULN2803A")
        self._coil_supply(-0.1, RAIL)
        self.say((RAIL - 0.2, 0.2), "5 V of the coils", "right")
        self.wire((RAIL, -0.1), (RAIL, _row(rows[-1])))
        bus = CHIP + 4.6
        self.wire((bus, -0.1), (bus, _row(rows[-1]) + 1.3))
        self.dot((bus, -0.1))
        self.say((bus - 0.2, -1.4), "10 COM", "right")
        self._ground(ground, bottom)
        for one in rows:
            self._coil(one)

    def _signal(self, one: Channel, end: float) -> None:
        """A line of the header, as far as to what it drives."""
        y = _row(one)
        self.say((4.0, y), f"BCM {one.bcm} = pin {one.header}", "right")
        self.wire((4.2, y), (end, y))
        self.say((4.4, y + 0.3), f"{one.colour}  {one.machine}")

    def _coil(self, one: Channel) -> None:
        y = _row(one)
        self._signal(one, CHIP)
        self.dot((6.9, y))
        self.resistor((6.9, y), (6.9, y - 1.4))
        self.say((6.2, y - 0.7), "10 kΩ", "right")
        self.ground((6.9, y - 1.4))
        self.say((CHIP + 0.2, y + 0.35), f"{one.input}")
        left = CHIP + 1.0
        self.wire((CHIP, y), (left, y))
        self.wire((left, y + 0.5), (left, y - 0.5), (left + 0.9, y), (left, y + 0.5))
        self.ring((left + 1.0, y))
        self.wire((left + 1.1, y), (COILS, y))
        self.dot((CHIP + 3.4, y))
        self.diode((CHIP + 3.4, y), (CHIP + 3.4, y + 1.3))
        self.wire((CHIP + 3.4, y + 1.3), (CHIP + 4.6, y + 1.3))
        self.dot((CHIP + 4.6, y + 1.3))
        self.say((CHIP + 6.0, y + 0.35), f"{one.output}", "right")
        self.say((CHIP + 6.4, y + 0.3), f"{one.colour}  {one.machine}")
        self.coil((COILS, y), (COILS + 2.4, y))
        self.say((COILS + 1.2, y + 0.75), f"{one.relay} coil", "center")
        self.wire((COILS + 2.4, y), (RAIL, y))
        self.dot((RAIL, y))

    def _coil_supply(self, y: float, end: float) -> None:
        """The header's 5 V over fuse and red button."""
        self.say((4.0, y), f"5 V = pin {COIL_PIN}", "right")
        self.say((4.4, y + 0.3), "RD")
        self.wire((4.2, y), (5.4, y))
        self.fuse((5.4, y), (7.6, y))
        self.say((6.5, y + 0.65), "F1  1.1 A", "center")
        self.wire((7.6, y), (8.6, y))
        self.push_to_break((8.6, y), ("11", "12"))
        self.say((8.4, y + 0.95), "S1, the red button, contact 11-12: pressed, all are on")
        self.wire((10.2, y), (end, y))

    def _ground(self, ground: str, bottom: float) -> None:
        y = bottom + 0.5
        self.say((4.0, y), f"GND = {ground}", "right")
        self.say((4.4, y + 0.3), "BK")
        self.wire((4.2, y), (CHIP, y))
        self.dot((5.6, y))
        self.ground((5.6, y))
        self.say((CHIP + 0.2, y), "9 GND")

    def board(self, rows: list[Channel], halt: int) -> None:
        """Header, the ready-made board, the red button."""
        bottom, end = _row(rows[-1]) - 9.6, _row(rows[-1]) - 2.6
        self.box((0, 0.6), (4.2, bottom), "X1  header of the master")
        self.box((13.0, 0.6), (20.6, end), "")
        self.say((13.2, end - 0.4), "U4  relay board, eight channels, active low")
        self._coil_supply(-0.1, 13.0)
        self.say((13.2, -0.1), "JD-VCC")
        self.say((15.4, -0.1), "coils")
        self.dashed((13.7, -0.5), (13.7, -1.5))
        self.say((15.4, -1.0), "jumper: taken out")
        self.say((4.0, -1.9), f"3V3 = pin {SUPPLY_PIN}", "right")
        self.say((4.4, -1.6), "OG")
        self.wire((4.2, -1.9), (13.0, -1.9))
        self.say((13.2, -1.9), "VCC")
        self.say((15.4, -1.9), "inputs, 3.3 V")
        for one in rows:
            y = _row(one)
            self._signal(one, 13.0)
            self.say((13.2, y), f"IN{one.number}")
            self.say((20.4, y), f"{one.relay}: NC, COM", "right")
        y = end + 0.6
        self.say((4.0, y), f"GND = pin {GROUND_PIN}", "right")
        self.say((4.4, y + 0.3), "BK")
        self.wire((4.2, y), (13.0, y))
        self.say((13.2, y), "GND")
        self.dot((6.4, y))
        self.ground((6.4, y))
        red_button(self, (4.2, end - 3.6), halt, 9.0)
        self.lines(
            (20.0, end - 1.6),
            "S1 has two contacts: 11-12 stands in the coils' 5 V, 21-22 tells the server.",
            "Free inputs stay open. A line that nobody drives is pulled to VCC by the board: off.",
            "The rail inputs are those of schematic-sensing.svg.",
            "JD-VCC and VCC both come from the master: never feed VCC while the master is off.",
        )

    # --- contacts -----------------------------------------------------------------------------

    def power_contact(self, one: Channel) -> None:
        """Charger, fuse, contact and worker of a row."""
        y, low = _row(one), _row(one) - 1.9
        self.box((SOURCE, y + 0.9), (SOURCE + 2.9, low - 0.5), f"G1  port {one.number}")
        self.say((SOURCE + 2.7, y), "5 V", "right")
        self.say((SOURCE + 3.1, y + 0.3), "RD")
        self.wire((SOURCE + 2.9, y), (SOURCE + 3.7, y))
        self.fuse((SOURCE + 3.7, y), (SOURCE + 5.9, y))
        self.say((SOURCE + 4.8, y + 0.75), f"F{10 + one.number}  3 A", "center")
        self.wire((SOURCE + 5.9, y), (CONTACT, y))
        self.changeover((CONTACT, y), one.relay)
        self.wire((CONTACT + 2.6, y), (WORKER, y))
        self.say((WORKER - 0.2, y + 0.3), "RD  5 V", "right")
        self.say((SOURCE + 2.7, low), "GND", "right")
        self.wire((SOURCE + 2.9, low), (WORKER, low))
        self.say((WORKER - 0.2, low + 0.3), "BK  GND, never switched", "right")
        self.box((WORKER, y + 0.9), (WORKER + 3.2, low - 0.5), one.machine)
        self.say((WORKER + 0.2, y), "5 V")
        self.say((WORKER + 0.2, low), "GND")

    def network_contact(self, one: Channel) -> None:
        """Switch, the two poles of the contact and the worker of a row."""
        y = _row(one) + 0.9
        low, rest = y - 2.6, y - 4.3
        self.box((SOURCE, y + 0.8), (SOURCE + 3.6, rest - 0.4), f"switch  port {one.number}")
        self.box((WORKER, y + 0.8), (WORKER + 3.6, rest - 0.4), one.machine)
        for pole, (height, wire) in enumerate(((y, "1  WH/OG"), (low, "2  OG")), start=1):
            self.say((SOURCE + 3.4, height), wire, "right")
            self.wire((SOURCE + 3.6, height), (CONTACT, height))
            self.changeover((CONTACT, height), f"{one.relay} pole {pole}")
            self.wire((CONTACT + 2.6, height), (WORKER, height))
            self.say((WORKER + 0.2, height), wire)
        self.wire((SOURCE + 3.6, rest), (WORKER, rest))
        self.say((SOURCE + 3.4, rest), "3, 6 (others)", "right")
        self.say((WORKER + 0.2, rest), "3, 6 (others)")
        self.say((WORKER - 0.2, rest + 0.3), "straight through", "right")
