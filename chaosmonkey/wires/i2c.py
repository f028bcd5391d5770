"""The I2C bus: chips at addresses, registers in chips.

On a Raspberry Pi it is /dev/i2c-N by smbus2; on a pretend header it goes down the header's cable.
Both ends of a call are in one thread, which waits for the bus: about 0.3 ms for a register.
"""

from __future__ import annotations

import threading
from typing import Protocol

from smbus2 import SMBus


class I2cBus(Protocol):
    """Reads and writes registers; every error is an OSError. It may be used by several threads."""

    def read(self, address: int, register: int, count: int) -> bytes:
        """`count` bytes from a chip, beginning at a register."""
        ...

    def write(self, address: int, register: int, data: bytes) -> None:
        """Bytes to a chip, beginning at a register."""
        ...


class LinuxBus:
    """/dev/i2c-`number`, opened at the first use that finds it; spoken to by one thread at a time.

    That it is not there is an OSError of its chips, which are asked again.
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
        """Let go of it."""
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
                    f"the I2C bus {self._number} cannot be opened ({error.strerror or error}; is "
                    "dtparam=i2c_arm=on in config.txt, and is this user in the group i2c?)"
                ) from None
        return self._smbus
