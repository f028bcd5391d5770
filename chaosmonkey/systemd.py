"""What systemd is told: ready, alive, stopping. Without systemd, nobody is told anything.

    event loop turns ─► WATCHDOG=1 ─► … silence for WatchdogSec ─► systemd kills and starts anew,
                                                                   and the start restores the plugs

The sign of life is sent by the event loop itself: a loop that hangs sends none.
"""

from __future__ import annotations

import logging
import socket

from chaosmonkey.clock import Clock
from chaosmonkey.config import Supervision
from chaosmonkey.visible import visible

log = logging.getLogger(__name__)


class Supervisor:
    """The other end of NOTIFY_SOCKET (sd_notify(3)), if there is one."""

    def __init__(self, supervision: Supervision, clock: Clock) -> None:
        self._to = supervision.notify_socket
        self._every = supervision.watchdog_seconds / 2 if supervision.watchdog_seconds else None
        self._clock = clock

    def ready(self, status: str) -> None:
        """The server can be used."""
        self._tell(f"READY=1\nSTATUS={visible(status)}")

    def status(self, status: str) -> None:
        """What `systemctl status` shows."""
        self._tell(f"STATUS={status}")

    def stopping(self) -> None:
        """The server restores its plugs and ends."""
        self._tell("STOPPING=1\nSTATUS=turning every plug on")

    async def run(self) -> None:
        """Give signs of life, twice as often as they are waited for, for ever."""
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
            log.warning("systemd at %s does not listen: %s", self._to, error)
