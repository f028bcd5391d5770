"""The I2C bus: chips at addresses, registers in chips.

On a Raspberry Pi it is /dev/i2c-N by smbus2; on a pretend header it goes down the header's cable.
Both ends of a call are in one thread, which waits for the bus: about 0.3 ms for a register.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from smbus2 import SMBus

from chaosmonkey.errors import PlugFailed


class Bus(Protocol):
    """Reads and writes registers; every error is an OSError. It may be used by several threads."""

    def read(self, address: int, register: int, count: int) -> bytes:
        """`count` bytes from a chip, beginning at a register."""
        ...

    def write(self, address: int, register: int, data: bytes) -> None:
        """Bytes to a chip, beginning at a register."""
        ...


class LinuxBus:
    """A bus of this machine, spoken to by one thread at a time."""

    def __init__(self, smbus: SMBus) -> None:
        self._smbus = smbus
        self._turn = threading.Lock()

    def read(self, address: int, register: int, count: int) -> bytes:
        """Read by one combined transfer."""
        with self._turn:
            return bytes(self._smbus.read_i2c_block_data(address, register, count))

    def write(self, address: int, register: int, data: bytes) -> None:
        """Write by one transfer."""
        with self._turn:
            self._smbus.write_i2c_block_data(address, register, list(data))


@contextmanager
def open_linux_bus(number: int) -> Iterator[LinuxBus]:
    """Open /dev/i2c-`number`.

    Raises:
        PlugFailed: it is not there, or may not be used.
    """
    try:
        smbus = SMBus(number)
    except OSError as error:
        raise PlugFailed(
            f"The I2C bus {number} cannot be opened: {error.strerror or error}.",
            remedy="Is dtparam=i2c_arm=on in config.txt, and is this user in the group i2c?",
        ) from None
    with smbus:
        yield LinuxBus(smbus)
