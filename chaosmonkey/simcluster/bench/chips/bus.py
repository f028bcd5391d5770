"""The I2C bus: chips by their addresses, read and written by register."""

from __future__ import annotations

from typing import Any, Protocol


class NoAcknowledgement(OSError):
    """No chip has the address."""

    def __init__(self, address: int) -> None:
        super().__init__(f"no acknowledgement from 0x{address:02x}")


class Chip(Protocol):
    """One chip with registers. It accepts any register number and any number of bytes."""

    def read(self, register: int, count: int) -> bytes:
        """Read `count` bytes, starting at a register."""
        ...

    def write(self, register: int, data: bytes) -> None:
        """Write bytes, starting at a register."""
        ...

    def describe(self) -> dict[str, Any]:
        """The chip as JSON."""
        ...


class SimBus:
    """Every chip by its 7-bit address.

    Attributes:
        torn: whether the wire is torn: no chip acknowledges.
    """

    def __init__(self) -> None:
        self.chips: dict[int, Chip] = {}
        self.torn = False

    def read(self, address: int, register: int, count: int) -> bytes:
        """Read from a chip. Raises NoAcknowledgement."""
        return self._chip(address).read(register, count)

    def write(self, address: int, register: int, data: bytes) -> None:
        """Write to a chip. Raises NoAcknowledgement."""
        self._chip(address).write(register, data)

    def describe(self) -> list[dict[str, Any]]:
        """Every chip as JSON."""
        return [
            {"address": f"0x{address:02x}", **chip.describe()}
            for address, chip in sorted(self.chips.items())
        ]

    def _chip(self, address: int) -> Chip:
        if self.torn or address not in self.chips:
            raise NoAcknowledgement(address)
        return self.chips[address]
