"""The schematic of the build without relays, made of lab-poe.toml: a switch does both."""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.config import Lab, SnmpPlug
from hardware.sheet import Sheet

PORTS = 8
"""Of the switch that is drawn; the master's is the last."""


@dataclass(frozen=True)
class Port:
    """One worker's port.

    Attributes:
        machine: whose.
        poe: the port in the switch's table of power, as lab-poe.toml has it.
        interface: the port in its table of interfaces.
        host: the switch.
    """

    machine: str
    poe: str
    interface: int
    host: str

    @property
    def number(self) -> int:
        """As printed on the switch, which is drawn with one group of ports."""
        return int(self.poe.rpartition(".")[2])


def ports(lab: Lab) -> list[Port]:
    """The workers' ports; raises ValueError for a table that this drawing does not fit."""
    found = []
    for machine in lab.machine:
        match machine.power, machine.network:
            case SnmpPlug(poe=str(poe), host=host), SnmpPlug(interface=int(interface)):
                found.append(Port(machine.name, poe, interface, host))
            case _:
                raise ValueError(f"{machine.name}: drawn are PoE and link of a switch, both")
    numbers = {port.number for port in found}
    if (
        len({port.host for port in found}) != 1
        or len(numbers) != len(found)
        or max(numbers) >= PORTS
    ):
        raise ValueError(f"drawn is one switch, and a port of its own for each, 1 to {PORTS - 1}")
    return found


def poe(rows: list[Port]) -> str:
    """The sheet, as SVG."""
    sheet = Sheet()
    left, right, board, worker = 0.0, 7.6, 15.0, 21.0
    bottom = -2.6 * PORTS - 0.4
    sheet.box((left, 0.6), (right, bottom), f"switch  {rows[0].host}, managed, PoE+, SNMP writable")
    sheet.say((left + 0.2, bottom + 0.5), "mains lead, as it is sold")
    workers = {one.number: one for one in rows}
    for number in range(1, PORTS + 1):
        y = -1.0 - 2.6 * (number - 1)
        sheet.say((right - 0.2, y + 0.3), f"port {number}", "right")
        if one := workers.get(number):
            sheet.say((right - 0.2, y - 0.4), f"poe {one.poe}, interface {one.interface}", "right")
            sheet.wire((right, y), (board, y))
            sheet.say((right + 0.3, y + 0.35), "Cat 5e: power and data")
            sheet.box((board, y + 0.7), (board + 4.2, y - 0.9), "")
            sheet.say((board + 2.1, y - 0.1), "PoE+ HAT", "center")
            sheet.wire((board + 4.2, y), (worker, y))
            sheet.say((board + 4.4, y + 0.35), "5 V")
            sheet.box((worker, y + 0.7), (worker + 4.2, y - 0.9), "")
            sheet.say((worker + 2.1, y - 0.1), one.machine, "center")
        elif number == PORTS:
            sheet.say((right - 0.2, y - 0.4), "in no [[machine]]", "right")
            sheet.wire((right, y), (worker, y))
            sheet.say((right + 0.3, y + 0.35), "data, and SNMP to the switch")
            sheet.box((worker, y + 0.7), (worker + 4.2, y - 0.9), "")
            sheet.say((worker + 2.1, y - 0.1), "master", "center")
            sheet.wire((worker, y - 0.5), (board + 4.2, y - 0.5), (board + 4.2, y - 1.5))
            sheet.box((board, y - 1.5), (board + 4.2, y - 3.1), "")
            sheet.say((board + 2.1, y - 2.3), "supply of its own", "center")
            sheet.say((board + 4.4, y - 1.2), "5 V")
        else:
            sheet.say((right - 0.2, y - 0.4), "laptop, access point", "right")
    sheet.lines(
        (0.0, bottom - 2.2),
        "A port that was told to be off stays off when the switch reboots: the server turns it on.",
        "The workers have no other supply, no USB, no HDMI: each would feed them past the port.",
    )
    return sheet.svg()
