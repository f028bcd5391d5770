"""The cable between mock pins and a simulated bench: lines of text over a TCP connection.

    we ─► bench   pin 17 out 1           the line drives a level
                  pin 17 in floating     it is an input with that pull: up, down or floating
                  i2c 32 read 18 2       two registers of the chip at that address; i2c 32 write …
    bench ─► we   pin 5 1                an input's level, when it becomes one and at each change
                  i2c 0a00               the answer to a read; i2c ok; i2c error why

A level is not acknowledged, like a voltage. When the connection ends, the bench knows that this
process is gone, and treats its levels as a kernel would.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from chaosmonkey.errors import PlugFailed

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 2.0
"""Seconds; both ends are on one machine."""

_LEVEL = re.compile(r"pin (\d{1,2}) ([01])")


class MockHeader:
    """Sends the levels of mock pins to the bench at `address` ("host:port").

    Reconnects to a lost bench at the next change, and then sends every line again.

    Attributes:
        level_changed: called with the number and the level of an input, in this cable's own thread.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host or "127.0.0.1", int(port))
        self.level_changed: Callable[[int, int], None] = lambda number, level: None  # noqa: ARG005
        self._socket: socket.socket | None = None
        self._lines: dict[int, str] = {}
        self._answers: SimpleQueue[str] = SimpleQueue()
        self._sending = threading.RLock()
        self._asking = threading.Lock()

    def show(self, pin: str, level: str) -> None:
        """Send what the line does now, such as "out 1" or "in floating".

        Raises:
            PlugFailed: the bench does not answer.
        """
        number = int(re.sub(r"\D", "", pin))
        with self._sending:
            self._lines[number] = level
            try:
                if not self._connect():
                    self._send(f"pin {number} {level}")
            except OSError as error:
                self.close()
                raise PlugFailed(
                    "The simulated bench at {}:{} does not answer: {}.".format(
                        *self._address, error
                    ),
                    remedy="Start the simulator: `chaosmonkey demo` starts both.",
                ) from None

    def read(self, address: int, register: int, count: int) -> bytes:
        """Read registers of the I2C chip at an address; raises OSError."""
        return bytes.fromhex(self._exchange(f"i2c {address} read {register} {count}"))

    def write(self, address: int, register: int, data: bytes) -> None:
        """Write registers of the I2C chip at an address; raises OSError."""
        self._exchange(f"i2c {address} write {register} {data.hex()}")

    def close(self) -> None:
        """Disconnect."""
        with self._sending:
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that listens
                self._socket.close()
                self._socket = None

    def _exchange(self, request: str) -> str:
        with self._asking:
            with self._sending:
                self._connect()
                while True:
                    try:
                        self._answers.get_nowait()  # of a request whose caller gave up
                    except Empty:
                        break
                self._send(request)
            try:
                answer = self._answers.get(timeout=CONNECT_TIMEOUT)
            except Empty:
                raise OSError("the simulated I2C bus does not answer") from None
        what, _, why = answer.partition(" ")
        if what == "error":
            raise OSError(why)
        return answer

    def _connect(self) -> bool:
        """Connect if not connected, and send every line; True if it connected."""
        if self._socket is not None:
            return False
        self._socket = socket.create_connection(self._address, CONNECT_TIMEOUT)
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening = threading.Thread(
            target=self._listen, args=(self._socket,), name="header cable", daemon=True
        )
        listening.start()
        self._send(*(f"pin {line} {state}" for line, state in self._lines.items()))
        return True

    def _send(self, *lines: str) -> None:
        if self._socket is not None and lines:
            self._socket.sendall("".join(f"{line}\n" for line in lines).encode())

    def _listen(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), connection.makefile(encoding="utf-8") as lines:
            for line in lines:
                text = line.rstrip("\n")
                if found := _LEVEL.fullmatch(text):
                    self.level_changed(int(found[1]), int(found[2]))
                elif text.startswith("i2c "):
                    self._answers.put(text.removeprefix("i2c "))
                else:
                    log.error("The simulated bench reports: %s", text)
        with self._sending:
            if self._socket is connection:
                self.close()  # the bench hung up: the next change reconnects
