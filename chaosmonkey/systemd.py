"""Notify systemd: ready, alive, stopping. Does nothing without systemd.

    event loop turns ─► WATCHDOG=1 ─► … silence for WatchdogSec ─► systemd kills and restarts,
                                                                   and the start restores the plugs

The event loop itself sends the sign of life: a loop that hangs sends none.
"""

from __future__ import annotations

import logging
import socket

from chaosmonkey.clock import Clock
from chaosmonkey.config import Supervision
from chaosmonkey.visible import visible

log = logging.getLogger(__name__)


class Supervisor:
    """Sends messages to NOTIFY_SOCKET (sd_notify(3)), if it is set."""

    def __init__(self, supervision: Supervision, clock: Clock) -> None:
        self._to = supervision.notify_socket
        self._every = supervision.watchdog_seconds / 2 if supervision.watchdog_seconds else None
        self._clock = clock

    def ready(self, status: str) -> None:
        """Report that the server is ready."""
        self._tell(f"READY=1\nSTATUS={visible(status)}")

    def status(self, status: str) -> None:
        """Set what `systemctl status` shows."""
        self._tell(f"STATUS={status}")

    def stopping(self) -> None:
        """Report that the server restores its plugs and ends."""
        self._tell("STOPPING=1\nSTATUS=turning every plug on")

    async def run(self) -> None:
        """Send signs of life, twice per watchdog period, until cancelled."""
        if self._every is None:
            return
        while True:
            self._tell("WATCHDOG=1")
            await self._clock.sleep(self._every)

    def _tell(self, message: str) -> None:
        if self._to is None:
            return
        address = "\0" + self._to[1:] if self._to.startswith("@") else self._to
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.setblocking(False)
                line.connect(address)
                line.send(message.encode())
        except OSError as error:
            log.warning("Cannot notify systemd at %s: %s", self._to, error)
