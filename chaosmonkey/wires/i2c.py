"""The I2C bus: chips at addresses, registers in chips.

On a Raspberry Pi it is /dev/i2c-N by smbus2; on a mock header it goes through the header's cable.
A call blocks its thread: about 0.3 ms for a register.
"""

from __future__ import annotations

import threading
from typing import Protocol

from smbus2 import SMBus


class I2cBus(Protocol):
    """Reads and writes registers; every error is an OSError. Thread-safe."""

    def read(self, address: int, register: int, count: int) -> bytes:
        """Read `count` bytes from a chip, starting at a register."""
        ...

    def write(self, address: int, register: int, data: bytes) -> None:
        """Write bytes to a chip, starting at a register."""
        ...


class LinuxBus:
    """/dev/i2c-`number`, opened on first use and used by one thread at a time.

    If it does not exist, its chips raise OSError and are retried.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._smbus: SMBus | None = None
        self._turn = threading.Lock()

    def read(self, address: int, register: int, count: int) -> bytes:
        """Read by one combined transfer."""
        with self._turn:
            return bytes(self._open().read_i2c_block_data(address, register, count))

    def write(self, address: int, register: int, data: bytes) -> None:
        """Write by one transfer."""
        with self._turn:
            self._open().write_i2c_block_data(address, register, list(data))

    def close(self) -> None:
        """Close it."""
        with self._turn:
            if self._smbus is not None:
                self._smbus.close()
                self._smbus = None

    def _open(self) -> SMBus:
        if self._smbus is None:
            try:
                self._smbus = SMBus(self._number)
            except OSError as error:
                raise OSError(
                    f"the I2C bus {self._number} cannot be opened ({error.strerror or error}; set "
                    "dtparam=i2c_arm=on in config.txt and add this user to the group i2c)"
                ) from None
        return self._smbus
