"""What to buy for N workers: `python -m hardware.bom 5 > hardware/bom.csv`.

Quantities follow from N. Spares are counted in, prices are not: they were out of date every time.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from io import StringIO
from math import ceil

from hardware.panel import LED_OHMS


@dataclass(frozen=True)
class Item:
    """One line of the list."""

    build: str
    quantity: int
    part: str
    why: str


def items(workers: int) -> Iterator[Item]:
    """The list for each of the three builds, the panel, and what may be added."""
    if not 1 <= workers <= 8:
        raise ValueError("between 1 and 8 workers: a ULN2803A has eight channels")
    yield from _everywhere(workers)
    yield from _relays(workers)
    yield from _poe(workers)
    yield from _home(workers)
    yield from _panel(workers)
    yield from _options(workers)


def _everywhere(workers: int) -> Iterator[Item]:
    boards = workers + 1
    yield Item("all", boards, "Raspberry Pi", "one master, the others are workers")
    yield Item("all", boards + 1, "microSD card, 16 GB or more, class 10", "one spare, written")
    yield Item("all", boards + 2, "CAT5e patch cable, 0.3 m", "workers, master, laptop")
    yield Item("all", 1, "stackable case with bolts", f"{boards} boards")
    yield Item("all", 1, "Wi-Fi access point, 5 V", "the table's own network, for the phones")


def _relays(workers: int) -> Iterator[Item]:
    build = "relay"
    drivers = 2 * ceil(workers / 8)
    yield Item(build, 1, "unmanaged 100 Mbit/s switch, 8 ports", "100 Mbit/s: two pairs to break")
    yield Item(build, ceil((workers + 1) / 6), "USB charger, 6 ports, 60 W", "2.4 A a port")
    yield Item(
        build, workers + 1, "USB lead for the boards, 0.3 m, 20 AWG", "thick: the drop counts"
    )
    yield Item(build, workers, "relay SRD-05VDC-SL-C on a socket, no driver on it", "power, NC")
    yield Item(build, workers, "relay Omron G6K-2F-Y DC4.5", "network, NC; gold contacts")
    yield Item(build, workers, "board with two RJ45 jacks", "carries the network relay")
    yield Item(build, drivers, "ULN2803A, DIP-18, with socket", "flyback diodes are inside")
    yield Item(build, 2 * workers, "resistor 10 kΩ", "holds a driver's input down")
    yield Item(build, workers, "fuse 3 A, slow, with holder", "in each worker's 5 V")
    yield Item(build, workers, "resistor 10 kΩ", "upper half of a rail's divider, at the worker")
    yield Item(build, workers, "resistor 15 kΩ", "lower half, at the master")
    yield Item(build, 1, "resettable fuse, 1.1 A hold", "in the coils' 5 V")
    yield Item(build, 1, "ribbon cable with 40-pin socket", "header to the driver board")
    yield Item(
        build,
        1,
        "mushroom push button, red, latching, two NC contacts",
        "11-12 in the coils' 5 V, 21-22 to the server",
    )


def _poe(workers: int) -> Iterator[Item]:
    build = "poe"
    yield Item(
        build, 1, "managed PoE+ switch, 8 ports, writable over SNMP", "check POWER-ETHERNET-MIB"
    )
    yield Item(build, workers, "PoE+ HAT", "for the boards chosen")
    yield Item(build, 1, "supply for the master", "never on a port that is switched")


def _home(workers: int) -> Iterator[Item]:
    build = "home"
    yield Item(build, workers, "smart plug with a local API and a timer", "Shelly Gen2+ or Tasmota")
    yield Item(build, workers + 1, "the board's own supply, certified", "plugged in, never opened")
    yield Item(build, 1, "unmanaged switch, 8 ports", "network is not cut in this build")


def _panel(workers: int) -> Iterator[Item]:
    build = "panel"
    yield Item(build, 1, "MCP23017, DIP-28, with socket", "buttons and LEDs over I2C")
    yield Item(build, workers + 1, "arcade button, normally open", "one a worker, one spare")
    yield Item(
        build, workers + 2, "LED 5 mm, 2 V (red, amber, yellow-green)", "workers, heartbeat, spare"
    )
    yield Item(build, workers + 1, f"resistor {LED_OHMS} Ω", "in each LED's line")
    yield Item(build, 1, "resistor 10 kΩ", "RESET up")
    yield Item(build, 2, "resistor 1 kΩ", "red button: pull-up, and in its line")
    yield Item(build, 2, "capacitor 100 nF, ceramic", "at the expander, in the red button's line")
    yield Item(build, 1, "perforated board", "expander and resistors")


def _options(workers: int) -> Iterator[Item]:
    build = "option"
    yield Item(
        build, ceil(workers / 3), "INA3221 board, three channels", "volts and amperes, not dividers"
    )
    yield Item(
        build, 1, "relay board, 8 channels, opto inputs, JD-VCC", "active low, not ULN2803A and SRD"
    )


def write(workers: int) -> str:
    """The list as CSV."""
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(field.name for field in fields(Item))
    table.writerows(map(astuple, items(workers)))
    return text.getvalue()


if __name__ == "__main__":
    sys.stdout.write(write(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
