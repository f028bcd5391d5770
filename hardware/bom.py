"""The shopping list for N workers: `python -m hardware.bom 5 > hardware/bom.csv`.

Quantities follow from N and include spares. There are no prices, because they soon go out of date.
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
    """The items of each of the three builds, of the panel, and the options."""
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
    yield Item("all", boards, "Raspberry Pi", "one master, the rest workers")
    yield Item(
        "all",
        boards + 1,
        "microSD card, 16 GB or more, class 10",
        "one spare, with the image on it",
    )
    yield Item("all", boards + 2, "CAT5e patch cable, 0.3 m", "workers, master, laptop")
    yield Item("all", 1, "stackable case with bolts", f"{boards} boards")
    yield Item("all", 1, "Wi-Fi access point, 5 V", "the table's own network, for the phones")


def _relays(workers: int) -> Iterator[Item]:
    build = "relay"
    drivers = 2 * ceil(workers / 8)
    yield Item(
        build, 1, "unmanaged 100 Mbit/s switch, 8 ports", "100 Mbit/s: only two pairs to break"
    )
    yield Item(build, ceil((workers + 1) / 6), "USB charger, 6 ports, 60 W", "2.4 A per port")
    yield Item(
        build,
        workers + 1,
        "USB lead for the boards, 0.3 m, 20 AWG",
        "thick, for a low voltage drop",
    )
    yield Item(build, workers, "relay SRD-05VDC-SL-C in a socket, without a driver", "power, NC")
    yield Item(build, workers, "relay Omron G6K-2F-Y DC4.5", "network, NC; gold contacts")
    yield Item(build, workers, "board with two RJ45 jacks", "carries the network relay")
    yield Item(build, drivers, "ULN2803A, DIP-18, with socket", "flyback diodes built in")
    yield Item(build, 2 * workers, "resistor 10 kΩ", "pulls a driver's input down")
    yield Item(build, workers, "fuse 3 A, slow, with holder", "in each worker's 5 V")
    yield Item(build, workers, "resistor 10 kΩ", "upper half of a rail divider, at the worker")
    yield Item(build, workers, "resistor 15 kΩ", "lower half of the divider, at the master")
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
    yield Item(build, workers, "PoE+ HAT", "one that fits the boards")
    yield Item(build, 1, "supply for the master", "never a switched port")


def _home(workers: int) -> Iterator[Item]:
    build = "home"
    yield Item(build, workers, "smart plug with a local API and a timer", "Shelly Gen2+ or Tasmota")
    yield Item(build, workers + 1, "the board's own supply, certified", "plugged in, never opened")
    yield Item(build, 1, "unmanaged switch, 8 ports", "this build does not cut the network")


def _panel(workers: int) -> Iterator[Item]:
    build = "panel"
    yield Item(build, 1, "MCP23017, DIP-28, with socket", "buttons and LEDs over I2C")
    yield Item(build, workers + 1, "arcade button, normally open", "one per worker, one spare")
    yield Item(
        build, workers + 2, "LED 5 mm, 2 V (red, amber, yellow-green)", "workers, heartbeat, spare"
    )
    yield Item(build, workers + 1, f"resistor {LED_OHMS} Ω", "in each LED's line")
    yield Item(build, 1, "resistor 10 kΩ", "pulls RESET up")
    yield Item(build, 2, "resistor 1 kΩ", "red button: pull-up and series")
    yield Item(build, 2, "capacitor 100 nF, ceramic", "at the expander and the red button's line")
    yield Item(build, 1, "perforated board", "expander and resistors")


def _options(workers: int) -> Iterator[Item]:
    build = "option"
    yield Item(
        build,
        ceil(workers / 3),
        "INA3221 board, three channels",
        "measures the rails, instead of dividers",
    )
    yield Item(
        build,
        1,
        "relay board, 8 channels, opto inputs, JD-VCC",
        "active low, instead of ULN2803A and SRD",
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
