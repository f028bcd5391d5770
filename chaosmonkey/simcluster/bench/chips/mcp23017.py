"""An MCP23017 I/O expander: sixteen lines over I2C, in two ports of eight.

    button ─► port ─► level ─► GPIO (read)        OLAT (write) ─► level ─► LED
                        └─► changed? ─► INTF, INTCAP, INTA ─► until GPIO or INTCAP is read

After Microchip's data sheet DS20001952C, "MCP23017/MCP23S17 16-Bit I/O Expander with Serial
Interface": registers in the layout of IOCON.BANK = 0, where each register of port A is followed by
port B's. A write of BANK = 1 is ignored; so are slew rate and hardware addresses (DISSLW, HAEN).
The chip keeps its registers when the controller dies.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from chaosmonkey.simcluster.bench.gpio import Level


class Register(IntEnum):
    """The registers of port A; port B's are one higher."""

    IODIR = 0x00
    IPOL = 0x02
    GPINTEN = 0x04
    DEFVAL = 0x06
    INTCON = 0x08
    IOCON = 0x0A
    GPPU = 0x0C
    INTF = 0x0E
    INTCAP = 0x10
    GPIO = 0x12
    OLAT = 0x14


MIRROR, SEQOP, ODR, INTPOL = 0x40, 0x20, 0x04, 0x02
"""Bits of IOCON: both INT lines report both ports, the pointer stays at one pair of registers, the
INT lines are open drain, the INT lines are active high."""

_IOCON_BITS = 0x7E
_SIZE = 0x16
_READ_ONLY = {Register.INTF, Register.INTCAP}


def line_number(line: str) -> int:
    """A line's number from 0 to 15, from "A0" to "B7". Raises ValueError."""
    if len(line) != 2 or line[0] not in "AB" or line[1] not in "01234567":
        raise ValueError(f"an MCP23017 has no line {line!r}: its lines are A0 to A7 and B0 to B7")
    return "AB".index(line[0]) * 8 + int(line[1])


class Mcp23017:
    """One chip, in the state after a reset.

    Args:
        interrupted: called when the level of INTA changed.
    """

    def __init__(self, interrupted: Callable[[], None] = lambda: None) -> None:
        self._interrupted = interrupted
        self._registers = bytearray(_SIZE)
        self._registers[0:2] = b"\xff\xff"
        self._ties: dict[int, Callable[[], Level]] = {}
        self._before = [0, 0]

    def tie(self, line: str, source: Callable[[], Level]) -> None:
        """Wire a source to a line. Call `update` whenever its level changes.

        Raises:
            ValueError: the line does not exist, or is wired already.
        """
        number = line_number(line)
        if number in self._ties:
            raise ValueError(f"{line} of the expander is wired to two things")
        self._ties[number] = source
        self._before = [self._levels(0), self._levels(1)]

    def level(self, line: str) -> Level:
        """The level of a line; None if it floats."""
        return self._level(line_number(line))

    @property
    def inta(self) -> Level:
        """The level of INTA; None while it is open drain and inactive."""
        iocon = self._get(Register.IOCON, 0)
        flags = self._get(Register.INTF, 0)
        if iocon & MIRROR:
            flags |= self._get(Register.INTF, 1)
        if iocon & ODR:
            return 0 if flags else None
        return int(bool(flags) == bool(iocon & INTPOL))

    def update(self) -> None:
        """Read the ties again, and interrupt if a change is enabled to."""
        before = self.inta
        self._compare()
        if self.inta != before:
            self._interrupted()

    def read(self, register: int, count: int) -> bytes:
        """Read `count` bytes. Registers above 0x15 do not exist and read as 0."""
        found = bytearray()
        before = self.inta
        for _ in range(count):
            found.append(self._read_one(register))
            register = self._next(register)
        if self.inta != before:
            self._interrupted()
        return bytes(found)

    def write(self, register: int, data: bytes) -> None:
        """Write bytes. INTF, INTCAP and registers above 0x15 ignore writes."""
        before = self.inta
        for value in data:
            self._write_one(register, value)
            self._compare()
            register = self._next(register)
        if self.inta != before:
            self._interrupted()

    def describe(self) -> dict[str, Any]:
        """The chip as JSON. Unlike a read over the bus, this clears no interrupt."""
        registers = bytes(self._registers)
        shown = {
            f"{register.name}{port}": f"0x{registers[register + number]:02x}"
            for register in Register
            for number, port in enumerate("AB")
            if register != Register.GPIO
        }
        shown |= {f"GPIO{port}": f"0x{self._port(number):02x}" for number, port in enumerate("AB")}
        return {"chip": "mcp23017", "inta": self.inta, "registers": shown}

    def _next(self, register: int) -> int:
        """The register after this one, wrapping around; with SEQOP, the other one of the pair."""
        if self._get(Register.IOCON, 0) & SEQOP:
            return register ^ 1
        return (register + 1) % _SIZE

    def _read_one(self, register: int) -> int:
        if register >= _SIZE:
            return 0
        port = register % 2
        match register - port:
            case Register.GPIO:
                value = self._port(port)
                self._clear(port)
                return value
            case Register.INTCAP:
                value = self._registers[register]
                self._clear(port)
                return value
            case _:
                return self._registers[register]

    def _write_one(self, register: int, value: int) -> None:
        port = register % 2
        match register - port:
            case Register.GPIO:
                self._registers[Register.OLAT + port] = value
            case Register.IOCON:
                both = value & _IOCON_BITS
                self._registers[Register.IOCON : Register.IOCON + 2] = bytes((both, both))
            case found if register < _SIZE and found not in _READ_ONLY:
                self._registers[register] = value
            case _:
                pass

    def _get(self, register: Register, port: int) -> int:
        return self._registers[register + port]

    def _level(self, number: int) -> Level:
        port, bit = number // 8, 1 << number % 8
        if not self._get(Register.IODIR, port) & bit:
            return int(bool(self._get(Register.OLAT, port) & bit))
        tied = self._ties[number]() if number in self._ties else None
        if tied is not None:
            return tied
        return 1 if self._get(Register.GPPU, port) & bit else None

    def _levels(self, port: int) -> int:
        """The levels of a port's lines; a floating line counts as low."""
        return sum(1 << bit for bit in range(8) if self._level(port * 8 + bit))

    def _port(self, port: int) -> int:
        """The value of a port's GPIO register."""
        return self._levels(port) ^ self._get(Register.IPOL, port)

    def _clear(self, port: int) -> None:
        """Clear the interrupt. A line that still differs from DEFVAL raises the next one."""
        self._registers[Register.INTF + port] = 0
        self._compare()

    def _compare(self) -> None:
        """Compare both ports with before; the first interrupt is captured until it is cleared."""
        for port in (0, 1):
            now, before = self._levels(port), self._before[port]
            self._before[port] = now
            against = self._get(Register.INTCON, port)
            differs = ((now ^ before) & ~against) | (
                now ^ self._get(Register.DEFVAL, port)
            ) & against
            causes = differs & self._get(Register.GPINTEN, port) & self._get(Register.IODIR, port)
            if causes and not self._get(Register.INTF, port):
                self._registers[Register.INTF + port] = causes
                self._registers[Register.INTCAP + port] = self._port(port)
