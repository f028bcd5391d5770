"""The schematic of the PoE build, generated from lab-poe.toml: one switch, no relays."""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.config import Lab, SnmpPlug
from hardware.sheet import Sheet

PORTS = 8
"""Ports of the drawn switch; the last one is the master's."""


@dataclass(frozen=True)
class Port:
    """One worker's port.

    Attributes:
        machine: the worker's name.
        poe: the port in the switch's PoE table, from lab-poe.toml.
        interface: the port in its interface table.
        host: the switch's address.
    """

    machine: str
    poe: str
    interface: int
    host: str

    @property
    def number(self) -> int:
        """The number printed on the switch, which is drawn with one group of ports."""
        return int(self.poe.rpartition(".")[2])


def ports(lab: Lab) -> list[Port]:
    """The workers' ports. Raises ValueError for a table that cannot be drawn."""
    found = []
    for machine in lab.machine:
        match machine.power, machine.network:
            case SnmpPlug(poe=str(poe), host=host), SnmpPlug(interface=int(interface)):
                found.append(Port(machine.name, poe, interface, host))
            case _:
                raise ValueError(
                    f"{machine.name}: needs both a PoE port and an interface of a switch"
                )
    numbers = {port.number for port in found}
    if (
        len({port.host for port in found}) != 1
        or len(numbers) != len(found)
        or max(numbers) >= PORTS
    ):
        raise ValueError(
            f"the drawing needs one switch, with a separate port for each worker, 1 to {PORTS - 1}"
        )
    return found


def poe(rows: list[Port]) -> str:
    """The schematic, as SVG."""
    sheet = Sheet()
    left, right, board, worker = 0.0, 7.6, 15.0, 21.0
    bottom = -2.6 * PORTS - 0.4
    sheet.box((left, 0.6), (right, bottom), f"switch  {rows[0].host}, managed, PoE+, SNMP writable")
    sheet.label((left + 0.2, bottom + 0.5), "unmodified mains lead")
    workers = {one.number: one for one in rows}
    for number in range(1, PORTS + 1):
        y = -1.0 - 2.6 * (number - 1)
        sheet.label((right - 0.2, y + 0.3), f"port {number}", "right")
        if one := workers.get(number):
            sheet.label(
                (right - 0.2, y - 0.4), f"poe {one.poe}, interface {one.interface}", "right"
            )
            sheet.wire((right, y), (board, y))
            sheet.label((right + 0.3, y + 0.35), "Cat 5e: power and data")
            sheet.box((board, y + 0.7), (board + 4.2, y - 0.9), "")
            sheet.label((board + 2.1, y - 0.1), "PoE+ HAT", "center")
            sheet.wire((board + 4.2, y), (worker, y))
            sheet.label((board + 4.4, y + 0.35), "5 V")
            sheet.box((worker, y + 0.7), (worker + 4.2, y - 0.9), "")
            sheet.label((worker + 2.1, y - 0.1), one.machine, "center")
        elif number == PORTS:
            sheet.label((right - 0.2, y - 0.4), "not in any [[machine]]", "right")
            sheet.wire((right, y), (worker, y))
            sheet.label((right + 0.3, y + 0.35), "data, and SNMP to the switch")
            sheet.box((worker, y + 0.7), (worker + 4.2, y - 0.9), "")
            sheet.label((worker + 2.1, y - 0.1), "master", "center")
            sheet.wire((worker, y - 0.5), (board + 4.2, y - 0.5), (board + 4.2, y - 1.5))
            sheet.box((board, y - 1.5), (board + 4.2, y - 3.1), "")
            sheet.label((board + 2.1, y - 2.3), "own power supply", "center")
            sheet.label((board + 4.4, y - 1.2), "5 V")
        else:
            sheet.label((right - 0.2, y - 0.4), "laptop, access point", "right")
    sheet.lines(
        (0.0, bottom - 2.2),
        "A port that is switched off stays off when the switch reboots: the server turns it on.",
        "Give the workers no other supply, no USB and no HDMI: each would bypass the port.",
    )
    return sheet.svg()
