"""The cable between pretend pins and a pretend bench: lines of text over a TCP connection.

    pin 17 out 1        the line drives a level
    pin 17 in floating  the line is an input with that pull: up, down or floating

Nothing is acknowledged, as nothing acknowledges a voltage. When the connection ends, the far side
knows that this process is gone, and does to its levels what a kernel would do.
"""

from __future__ import annotations

import re
import socket

from chaosmonkey.errors import PlugFailed

CONNECT_TIMEOUT = 2.0
"""Seconds; both ends are on one machine."""


class HeaderCable:
    """Shows the levels of pretend pins to the bench at `address` ("host:port").

    A lost bench is connected again at the next change and is then shown every line anew.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host or "127.0.0.1", int(port))
        self._socket: socket.socket | None = None
        self._lines: dict[int, str] = {}

    def show(self, pin: str, level: str) -> None:
        """Show what the line does now, such as "out 1" or "in floating".

        Raises:
            PlugFailed: the bench does not answer.
        """
        number = int(re.sub(r"\D", "", pin))
        self._lines[number] = level
        try:
            if self._socket is None:
                self._socket = socket.create_connection(self._address, CONNECT_TIMEOUT)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                shown = self._lines
            else:
                shown = {number: level}
            text = "".join(f"pin {line} {state}\n" for line, state in shown.items())
            self._socket.sendall(text.encode())
        except OSError as error:
            self.close()
            raise PlugFailed(
                "The pretend bench at {}:{} does not answer: {}.".format(*self._address, error),
                remedy="Is the simulator running? `chaosmonkey demo` starts both.",
            ) from None

    def close(self) -> None:
        """Pull the cable off."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
