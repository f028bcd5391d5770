"""The schematics of the relays, generated from lab.toml: one row per worker, every wire labelled.

power        header ─► ULN2803A ─► coil; charger ─► fuse ─► COM, NC ─► worker
network      header ─► ULN2803A ─► coil; switch ─► COM, NC of two poles ─► worker
active_low   header ─► a ready-made relay board; charger ─► fuse ─► COM, NC ─► worker
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
"""The x positions of a row's parts."""


def power(rows: list[Channel]) -> str:
    """The schematic of the workers' 5 V, as SVG."""
    sheet = _Relays()
    sheet.control(rows, f"pin {GROUND_PIN}")
    for one in rows:
        sheet.power_contact(one)
    sheet.label((SOURCE, 0.3), "Port 6 of G1 feeds the master: all grounds meet there.")
    return sheet.svg()


def network(rows: list[Channel], ground: int) -> str:
    """The schematic of the workers' Ethernet cables, as SVG."""
    sheet = _Relays()
    sheet.control(rows, f"pin {ground}")
    for one in rows:
        sheet.network_contact(one)
    sheet.label((SOURCE, 0.3), "F1 and S1 are the same parts as on the power sheet.")
    return sheet.svg()


def active_low(rows: list[Channel], halt: int) -> str:
    """The schematic of an active-low relay board, as SVG."""
    sheet = _Relays()
    sheet.board(rows, halt)
    for one in rows:
        sheet.power_contact(one)
    sheet.label((SOURCE, 0.3), "Port 6 of G1 feeds the master: all grounds meet there.")
    return sheet.svg()


def red_button(sheet: Sheet, at: Point, halt: int, left: float) -> None:
    """Draw contact 21-22 of the big red button, on a header line that is low unless it is pressed.

    Args:
        sheet: the sheet to draw on.
        at: the point where the line leaves the header.
        halt: the line's BCM number.
        left: the x position of its parts.
    """
    x, y = at
    sheet.label((x - 0.2, y), f"BCM {halt} = pin {HEADER[halt]}", "right")
    sheet.label((x + 0.2, y + 0.3), "WH  red button")
    sheet.wire(at, (left, y))
    sheet.dot((left, y))
    sheet.capacitor((left, y), (left, y - 1.5))
    sheet.label((left - 0.5, y - 0.9), "100 nF", "right")
    sheet.ground((left, y - 1.5))
    sheet.resistor((left, y), (left + 2.2, y))
    sheet.label((left + 1.1, y + 0.6), "1 kΩ", "center")
    node = left + 2.8
    sheet.wire((left + 2.2, y), (left + 3.8, y))
    sheet.dot((node, y))
    sheet.resistor((node, y), (node, y + 1.9))
    sheet.label((node - 0.4, y + 1.3), "1 kΩ", "right")
    sheet.wire((node - 0.4, y + 1.9), (node + 0.4, y + 1.9))
    sheet.label((node, y + 2.2), "3V3", "center")
    sheet.push_to_break((left + 3.8, y), ("21", "22"))
    sheet.label((left + 3.7, y + 0.95), "S1, the red button")
    sheet.wire((left + 5.4, y), (left + 6.4, y), (left + 6.4, y - 2.7), (x, y - 2.7))
    sheet.label((x - 0.2, y - 2.7), f"GND = pin {RED_GROUND_PIN}", "right")
    sheet.label((x + 0.2, y - 2.4), "BK  red button")


def _row(one: Channel) -> float:
    return -3.8 - PITCH[one.feed] * (one.number - 1)


class _Relays(Sheet):
    """A sheet with one row per relay."""

    def control(self, rows: list[Channel], ground: str) -> None:
        """Draw the header, the driver chip, the coils and their 5 V."""
        bottom = _row(rows[-1]) - 3.2
        self.box((0, 0.6), (4.2, bottom), "X1  header of the master")
        self.box((CHIP, -0.9), (CHIP + 6.2, bottom), "")
        self.label((CHIP + 0.2, bottom - 0.4), f"{rows[0].driver}  ULN2803A")
        self._coil_supply(-0.1, RAIL)
        self.label((RAIL - 0.2, 0.2), "5 V of the coils", "right")
        self.wire((RAIL, -0.1), (RAIL, _row(rows[-1])))
        bus = CHIP + 4.6
        self.wire((bus, -0.1), (bus, _row(rows[-1]) + 1.3))
        self.dot((bus, -0.1))
        self.label((bus - 0.2, -1.4), "10 COM", "right")
        self._ground(ground, bottom)
        for one in rows:
            self._coil(one)

    def _signal(self, one: Channel, end: float) -> None:
        """Draw a header line up to the part that it drives."""
        y = _row(one)
        self.label((4.0, y), f"BCM {one.bcm} = pin {one.header}", "right")
        self.wire((4.2, y), (end, y))
        self.label((4.4, y + 0.3), f"{one.colour}  {one.machine}")

    def _coil(self, one: Channel) -> None:
        y = _row(one)
        self._signal(one, CHIP)
        self.dot((6.9, y))
        self.resistor((6.9, y), (6.9, y - 1.4))
        self.label((6.2, y - 0.7), "10 kΩ", "right")
        self.ground((6.9, y - 1.4))
        self.label((CHIP + 0.2, y + 0.35), f"{one.input}")
        left = CHIP + 1.0
        self.wire((CHIP, y), (left, y))
        self.wire((left, y + 0.5), (left, y - 0.5), (left + 0.9, y), (left, y + 0.5))
        self.ring((left + 1.0, y))
        self.wire((left + 1.1, y), (COILS, y))
        self.dot((CHIP + 3.4, y))
        self.diode((CHIP + 3.4, y), (CHIP + 3.4, y + 1.3))
        self.wire((CHIP + 3.4, y + 1.3), (CHIP + 4.6, y + 1.3))
        self.dot((CHIP + 4.6, y + 1.3))
        self.label((CHIP + 6.0, y + 0.35), f"{one.output}", "right")
        self.label((CHIP + 6.4, y + 0.3), f"{one.colour}  {one.machine}")
        self.coil((COILS, y), (COILS + 2.4, y))
        self.label((COILS + 1.2, y + 0.75), f"{one.relay} coil", "center")
        self.wire((COILS + 2.4, y), (RAIL, y))
        self.dot((RAIL, y))

    def _coil_supply(self, y: float, end: float) -> None:
        """Draw the header's 5 V through the fuse and the red button."""
        self.label((4.0, y), f"5 V = pin {COIL_PIN}", "right")
        self.label((4.4, y + 0.3), "RD")
        self.wire((4.2, y), (5.4, y))
        self.fuse((5.4, y), (7.6, y))
        self.label((6.5, y + 0.65), "F1  1.1 A", "center")
        self.wire((7.6, y), (8.6, y))
        self.push_to_break((8.6, y), ("11", "12"))
        self.label(
            (8.4, y + 0.95), "S1, red button, contact 11-12: while pressed, all workers are on"
        )
        self.wire((10.2, y), (end, y))

    def _ground(self, ground: str, bottom: float) -> None:
        y = bottom + 0.5
        self.label((4.0, y), f"GND = {ground}", "right")
        self.label((4.4, y + 0.3), "BK")
        self.wire((4.2, y), (CHIP, y))
        self.dot((5.6, y))
        self.ground((5.6, y))
        self.label((CHIP + 0.2, y), "9 GND")

    def board(self, rows: list[Channel], halt: int) -> None:
        """Draw the header, the relay board and the red button."""
        bottom, end = _row(rows[-1]) - 9.6, _row(rows[-1]) - 2.6
        self.box((0, 0.6), (4.2, bottom), "X1  header of the master")
        self.box((13.0, 0.6), (20.6, end), "")
        self.label((13.2, end - 0.4), "U4  relay board, eight channels, active low")
        self._coil_supply(-0.1, 13.0)
        self.label((13.2, -0.1), "JD-VCC")
        self.label((15.4, -0.1), "coils")
        self.dashed((13.7, -0.5), (13.7, -1.5))
        self.label((15.4, -1.0), "jumper: removed")
        self.label((4.0, -1.9), f"3V3 = pin {SUPPLY_PIN}", "right")
        self.label((4.4, -1.6), "OG")
        self.wire((4.2, -1.9), (13.0, -1.9))
        self.label((13.2, -1.9), "VCC")
        self.label((15.4, -1.9), "inputs, 3.3 V")
        for one in rows:
            y = _row(one)
            self._signal(one, 13.0)
            self.label((13.2, y), f"IN{one.number}")
            self.label((20.4, y), f"{one.relay}: NC, COM", "right")
        y = end + 0.6
        self.label((4.0, y), f"GND = pin {GROUND_PIN}", "right")
        self.label((4.4, y + 0.3), "BK")
        self.wire((4.2, y), (13.0, y))
        self.label((13.2, y), "GND")
        self.dot((6.4, y))
        self.ground((6.4, y))
        red_button(self, (4.2, end - 3.6), halt, 9.0)
        self.lines(
            (20.0, end - 1.6),
            "S1 has two contacts: 11-12 interrupts the coils' 5 V, 21-22 signals the server.",
            "Unused inputs stay open. The board pulls an undriven line up to VCC: relay off.",
            "For the rail inputs, see schematic-sensing.svg.",
            "JD-VCC and VCC both come from the master: never power VCC while the master is off.",
        )

    # --- contacts -----------------------------------------------------------------------------

    def power_contact(self, one: Channel) -> None:
        """Draw the charger, fuse, contact and worker of a row."""
        y, low = _row(one), _row(one) - 1.9
        self.box((SOURCE, y + 0.9), (SOURCE + 2.9, low - 0.5), f"G1  port {one.number}")
        self.label((SOURCE + 2.7, y), "5 V", "right")
        self.label((SOURCE + 3.1, y + 0.3), "RD")
        self.wire((SOURCE + 2.9, y), (SOURCE + 3.7, y))
        self.fuse((SOURCE + 3.7, y), (SOURCE + 5.9, y))
        self.label((SOURCE + 4.8, y + 0.75), f"F{10 + one.number}  3 A", "center")
        self.wire((SOURCE + 5.9, y), (CONTACT, y))
        self.changeover((CONTACT, y), one.relay)
        self.wire((CONTACT + 2.6, y), (WORKER, y))
        self.label((WORKER - 0.2, y + 0.3), "RD  5 V", "right")
        self.label((SOURCE + 2.7, low), "GND", "right")
        self.wire((SOURCE + 2.9, low), (WORKER, low))
        self.label((WORKER - 0.2, low + 0.3), "BK  GND, never switched", "right")
        self.box((WORKER, y + 0.9), (WORKER + 3.2, low - 0.5), one.machine)
        self.label((WORKER + 0.2, y), "5 V")
        self.label((WORKER + 0.2, low), "GND")

    def network_contact(self, one: Channel) -> None:
        """Draw the switch, both poles of the contact and the worker of a row."""
        y = _row(one) + 0.9
        low, others = y - 2.6, y - 4.3
        self.box((SOURCE, y + 0.8), (SOURCE + 3.6, others - 0.4), f"switch  port {one.number}")
        self.box((WORKER, y + 0.8), (WORKER + 3.6, others - 0.4), one.machine)
        for pole, (height, wire) in enumerate(((y, "1  WH/OG"), (low, "2  OG")), start=1):
            self.label((SOURCE + 3.4, height), wire, "right")
            self.wire((SOURCE + 3.6, height), (CONTACT, height))
            self.changeover((CONTACT, height), f"{one.relay} pole {pole}")
            self.wire((CONTACT + 2.6, height), (WORKER, height))
            self.label((WORKER + 0.2, height), wire)
        self.wire((SOURCE + 3.6, others), (WORKER, others))
        self.label((SOURCE + 3.4, others), "3, 6 (others)", "right")
        self.label((WORKER + 0.2, others), "3, 6 (others)")
        self.label((WORKER - 0.2, others + 0.3), "straight through", "right")
