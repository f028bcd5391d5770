"""uvicorn, tamed: it binds with a clear error, leaves the signals alone and stops when told.

Left to itself uvicorn takes SIGTERM, and raises it anew when it has shut down, which ends the
process before anything else could be undone.
"""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from chaosmonkey.config import Server
from chaosmonkey.errors import Unavailable

GRACE = 3
"""Seconds that open requests get to end when the server stops."""

LARGEST_MESSAGE = 64 * 1024
"""Bytes of a websocket message that a client may send; ours have nothing to say."""


class PortTaken(Unavailable):
    """Another program listens on the port, or this user may not."""

    title = "Port not available"


class WebServer(uvicorn.Server):
    """Serves an app on a bound socket until `should_exit` is set."""

    def __init__(self, app: FastAPI, settings: Server) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                ws="websockets-sansio",
                ws_max_size=LARGEST_MESSAGE,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=GRACE,
                server_header=False,
            )
        )
        self._socket = bind(settings)
        self.port: int = self._socket.getsockname()[1]

    async def run_until_told(self) -> None:
        """Serve until `should_exit` is set and the last connection has ended."""
        with self._socket:
            await self.serve(sockets=[self._socket])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the runtime."""
        yield


def bind(settings: Server) -> socket.socket:
    """A listening socket; raises PortTaken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        where = f"{settings.host}:{settings.port}"
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"Another program listens on {where}.",
                remedy="Is a chaosmonkey running already? End it, or choose another port.",
            ) from None
        raise PortTaken(
            f"Cannot listen on {where}: {error.strerror}.",
            remedy="Check [server] host and port; ports below 1024 need privileges.",
        ) from None
    return listening
