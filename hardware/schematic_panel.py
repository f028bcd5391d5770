"""The schematics of the panel and of the rail inputs, generated from lab.toml.

panel     header ─► MCP23017 ─► buttons, LEDs; header ─► heartbeat, red button
sensing   5 V on the worker's board ─► 10 kΩ ─► header of the master, 15 kΩ to ground
"""

from __future__ import annotations

from hardware.panel import (
    EXPANDER,
    INTA,
    INTB,
    LED_MILLIAMPS,
    LED_OHMS,
    LED_VOLTS,
    PIN_LIMIT,
    RESET,
    SCL,
    SDA,
    STRAPS,
    SUPPLY,
    VDD,
    VDD_LIMIT,
    VSS,
    PanelLayout,
    PanelPart,
)
from hardware.schematic import red_button
from hardware.sheet import Point, Sheet
from hardware.table import (
    COIL_PIN,
    HEADER,
    PANEL_GROUND_PIN,
    SENSE_GROUND_PIN,
    SUPPLY_PIN,
    WORKER_PIN,
    Rail,
)

CHIP, RIGHT, PART, BUS = 16.0, 22.0, 28.0, 33.5
"""The x positions of the chip's sides, of the buttons and LEDs, and of their common ground."""

DIVIDER_MILLIAMPS = 5.0 / 25
"""The current through 10 kΩ and 15 kΩ."""


def panel(layout: PanelLayout) -> str:
    """The schematic of the panel's buttons and LEDs and the red button, as SVG."""
    sheet = _Panel()
    sheet.header_and_chip(layout)
    spots = {spot.line: spot for spot in layout.buttons + layout.leds}
    for number, line in enumerate(EXPANDER):
        y = -1.0 - 1.7 * number
        sheet.line_of_chip(line, y)
        if line not in spots:
            sheet.free_line(line, y)
        elif spots[line] in layout.buttons:
            sheet.button(spots[line], y)
        else:
            sheet.led_of(spots[line], y)
    sheet.common_ground(-1.0, -1.0 - 1.7 * 15)
    sheet.lines(
        (0.0, -31.2),
        f"LEDs: ({SUPPLY} V - {LED_VOLTS} V) / {LED_OHMS} Ω = {LED_MILLIAMPS:.1f} mA at most; "
        f"{len(layout.leds)} on U3: {layout.milliamps:.0f} mA. U3 allows {PIN_LIMIT} mA per pin, "
        f"{VDD_LIMIT} mA into VDD. Use red, amber or yellow-green LEDs: blue and white need 3 V.",
        "Buttons: U3's internal pull-ups (about 100 kΩ, 0.03 mA). For long wires or oxidised "
        "contacts add 3.3 kΩ from the line to 3V3: 1 mA. A7 and B7 are outputs only: no buttons.",
        "Unused lines need no parts: the server enables U3's pull-ups, and drives A7 and B7 low. "
        "The I2C pull-ups, 1.8 kΩ to 3V3, are on the Raspberry Pi: add none.",
        "Red button: low is released, high is pressed or disconnected. 1 kΩ and 100 nF filter "
        "interference; the server debounces (30 ms).",
    )
    return sheet.svg()


def sensing(rails: list[Rail]) -> str:
    """The schematic of the inputs that sense the workers' 5 V, as SVG."""
    sheet = _Sensing()
    bottom = -4.0 * len(rails) - 1.8
    sheet.box((0, 0.6), (4.6, bottom), "X1  header of the master")
    for one in rails:
        sheet.rail(one)
    y = bottom + 0.6
    sheet.label((4.4, y), f"GND = pin {SENSE_GROUND_PIN}", "right")
    sheet.wire((4.6, y), (7.6, y))
    sheet.label((4.8, y + 0.3), "BK")
    sheet.ground((7.6, y))
    sheet.lines(
        (0.0, bottom - 1.2),
        "5 V × 15 kΩ / 25 kΩ = 3.0 V at the line, 0 V when the board has no power: "
        f"{DIVIDER_MILLIAMPS:.1f} mA per worker.",
        "The 10 kΩ sits at the worker: it limits the current of a shorted sense wire. "
        "The 15 kΩ sits at the master: a broken wire reads as no power.",
        "The ground is G1's: its port 6 feeds the master.",
    )
    return sheet.svg()


class _Panel(Sheet):
    def header_and_chip(self, layout: PanelLayout) -> None:
        """Draw the left half: header, chip, heartbeat, red button."""
        self.box((0, 0.6), (4.6, -30.0), "X1  header of the master")
        self.box((CHIP, 0.6), (RIGHT, -27.4), f"U3  MCP23017, address {layout.address:#04x}")
        self._supply()
        bus = ((SDA, "SDA", 2, "VT", -5.4), (SCL, "SCL", 3, "GY", -7.0))
        for pin, name, bcm, colour, y in bus:
            self._from_header(
                (4.6, y), f"{name}, BCM {bcm} = pin {HEADER[bcm]}", f"{colour}  {name}"
            )
            self.wire((4.6, y), (CHIP, y))
            self._chip_pin(pin, name, y)
        y = -8.6
        bcm = layout.interrupt
        self._from_header((4.6, y), f"BCM {bcm} = pin {HEADER[bcm]}", "YE  INT")
        self.wire((4.6, y), (CHIP, y))
        self._chip_pin(INTA, "INTA", y)
        self._chip_pin(INTB, "INTB, free", y - 1.4)
        for number, (name, high) in enumerate(layout.straps.items()):
            self._strap(name, high, -11.6 - 1.7 * number)
        y = -17.2
        self._from_header((4.6, y), f"GND = pin {PANEL_GROUND_PIN}", "BK")
        self.wire((4.6, y), (CHIP, y))
        self._chip_pin(VSS, "VSS", y)
        self.dot((12.0, y))
        self.ground((12.0, y))
        y = -19.6
        bcm = layout.heartbeat
        self._from_header((4.6, y), f"BCM {bcm} = pin {HEADER[bcm]}", "GN  heartbeat")
        self.wire((4.6, y), (8.4, y))
        self.resistor((8.4, y), (10.4, y))
        self.label((9.4, y + 0.6), f"{LED_OHMS} Ω", "center")
        self.led((10.4, y), (12.4, y))
        self.label((11.2, y - 0.7), "H1 heartbeat", "center")
        self.wire((12.4, y), (13.6, y), (13.6, y - 0.4))
        self.ground((13.6, y - 0.4))
        y = -24.4
        red_button(self, (4.6, y), layout.halt, 8.4)
        self.dashed((13.0, y - 0.1), (13.0, y - 4.3))
        self._second_contact(y - 4.5)

    def _supply(self) -> None:
        y = -1.0
        self._from_header((4.6, y), f"3V3 = pin {SUPPLY_PIN}", "OG")
        self.wire((4.6, y), (CHIP, y))
        self._chip_pin(VDD, "VDD", y)
        self.dot((9.6, y))
        self.capacitor((9.6, y), (9.6, y - 1.6))
        self.label((9.1, y - 0.9), "100 nF", "right")
        self.ground((9.6, y - 1.6))
        self.dot((12.6, y))
        self.resistor((12.6, y), (12.6, y - 2.4))
        self.label((12.1, y - 1.2), "10 kΩ", "right")
        self.wire((12.6, y - 2.4), (CHIP, y - 2.4))
        self._chip_pin(RESET, "RESET", y - 2.4)

    def _strap(self, name: str, high: bool, y: float) -> None:
        self._chip_pin(STRAPS[name], name, y)
        self.wire((CHIP, y), (14.0, y))
        if high:
            self.label((13.8, y), "3V3", "right")
        else:
            self.ground((14.0, y))

    def _second_contact(self, y: float) -> None:
        self.label((4.4, y), f"5 V = pin {COIL_PIN}", "right")
        self.label((4.8, y + 0.3), "RD")
        self.wire((4.6, y), (7.0, y))
        self.fuse((7.0, y), (9.2, y))
        self.label((8.1, y + 0.6), "F1  1.1 A", "center")
        self.wire((9.2, y), (12.2, y))
        self.push_to_break((12.2, y), ("11", "12"))
        self.wire((13.8, y), (15.0, y))
        self.label(
            (15.2, y), "5 V of all coils: while pressed, no coil is energised, every worker is on"
        )

    def _from_header(self, at: Point, inside: str, wire: str) -> None:
        x, y = at
        self.label((x - 0.2, y), inside, "right")
        self.label((x + 0.2, y + 0.3), wire)

    def _chip_pin(self, pin: int, name: str, y: float) -> None:
        self.label((CHIP + 0.2, y), f"{pin} {name}")

    def line_of_chip(self, line: str, y: float) -> None:
        """Label one of the chip's sixteen lines."""
        only = " (output only)" if line.endswith("7") else ""
        self.label((RIGHT - 0.2, y), f"{line}{only} {EXPANDER[line]}", "right")

    def button(self, spot: PanelPart, y: float) -> None:
        """Draw a button from a line to ground."""
        self.wire((RIGHT, y), (PART, y))
        self.label((RIGHT + 0.2, y + 0.3), f"{spot.colour}  {spot.machine}")
        self.push_to_make((PART, y))
        self.label((PART + 2.0, y + 0.4), spot.button)
        self.wire((PART + 1.6, y), (BUS, y))
        self.dot((BUS, y))

    def led_of(self, spot: PanelPart, y: float) -> None:
        """Draw a resistor and an LED from a line to ground."""
        self.wire((RIGHT, y), (25.2, y))
        self.label((RIGHT + 0.2, y + 0.3), f"{spot.colour}  {spot.machine}")
        self.resistor((25.2, y), (27.2, y))
        self.label((26.2, y + 0.6), f"{LED_OHMS} Ω", "center")
        self.wire((27.2, y), (PART, y))
        self.led((PART, y), (PART + 2.0, y))
        self.label((PART + 2.3, y + 0.4), spot.led)
        self.wire((PART + 2.0, y), (BUS, y))
        self.dot((BUS, y))

    def free_line(self, line: str, y: float) -> None:
        """Draw an unused line."""
        self.wire((RIGHT, y), (RIGHT + 0.8, y))
        self.label((RIGHT + 1.0, y - 0.1), f"{line} free")

    def common_ground(self, top: float, bottom: float) -> None:
        """Draw the ground wire that buttons and LEDs share."""
        self.wire((BUS, top), (BUS, bottom - 0.8))
        self.ground((BUS, bottom - 0.8))
        self.label((BUS - 0.3, bottom - 0.7), "BK  ground of the panel", "right")


class _Sensing(Sheet):
    def rail(self, one: Rail) -> None:
        """Draw one worker: its feed, and its sense wire."""
        y = -0.9 - 4.0 * (one.number - 1)
        low = y - 1.9
        self.label((15.4, y), f"from F{10 + one.number}", "right")
        self.wire((15.6, y), (17.0, y))
        self.changeover((17.0, y), one.relay)
        self.wire((19.6, y), (26.0, y))
        self.label((22.0, y + 0.3), "RD  5 V, USB lead")
        self.box((26.0, y + 0.7), (30.2, low - 0.6), one.machine)
        self.label((26.2, y), "USB")
        self.label((26.2, low), f"5 V = pin {WORKER_PIN}")
        self.wire((26.0, low), (25.2, low))
        self.resistor((25.2, low), (23.0, low))
        self.label((24.1, low + 0.6), "10 kΩ", "center")
        self.wire((23.0, low), (4.6, low))
        self.label((4.4, low), f"BCM {one.bcm} = pin {one.header}", "right")
        self.label((4.8, low + 0.3), f"{one.colour}  {one.machine}")
        self.dot((9.0, low))
        self.resistor((9.0, low), (9.0, low - 1.2))
        self.label((9.4, low - 0.7), "15 kΩ")
        self.ground((9.0, low - 1.2))
