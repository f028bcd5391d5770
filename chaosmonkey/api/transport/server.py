"""The server for everybody: it binds with a clear error, and looks at its connections.

They are ours: `connections` and `sockets` hold them to limits, `crowd` counts them, and this looks
at each of them once a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource
import socket

import uvicorn
from starlette.types import ASGIApp

from chaosmonkey.api.transport.connection_limits import MOST, ConnectionLimits
from chaosmonkey.api.transport.http_protocol import IDLE, LARGEST_HEAD, HttpConnection
from chaosmonkey.api.transport.listener import LARGEST_MESSAGE
from chaosmonkey.api.transport.uvicorn_server import GRACE, UvicornServer
from chaosmonkey.api.transport.websocket_protocol import WebSocketConnection
from chaosmonkey.config import ServerSettings
from chaosmonkey.errors import Unavailable

SWEEP_INTERVAL = 1.0
"""Seconds of real time between two looks at every connection."""

AT_ONCE = 100
"""Connections that are looked at before everybody else has a turn: 2,000 pings would take 20 ms."""

WAITING = 2048
"""Connections that the kernel keeps until they are accepted: a hall that scans the code at once."""

ACCEPTED = 64
"""Connections accepted before everybody else has a turn: 3 ms of them."""

MOST_FILES = 65_536
"""File descriptors that this process asks for; 1024 is what a login shell and Debian's services
give, and fewer than the phones."""

SPARE_FILES = 256
"""File descriptors kept for all that is no client: cluster, plugs, database, programs, pages."""


class PortTaken(Unavailable):
    """Another program listens on the port, or the address is not there, or this user may not."""

    title = "Port not available"


class WebServer(UvicornServer):
    """Serves what is behind an entrance on a bound socket until `should_exit` is set.

    Attributes:
        port: the one that it is bound to.
    """

    def __init__(self, entrance: ASGIApp, settings: ServerSettings) -> None:
        super().__init__(
            uvicorn.Config(
                entrance,
                lifespan="off",
                http=HttpConnection,
                ws=WebSocketConnection,
                ws_max_size=LARGEST_MESSAGE,
                ws_ping_interval=None,  # a timer for each; a look at all of them does as well
                ws_per_message_deflate=False,  # 40 KB for each, and no frame would do for all
                h11_max_incomplete_event_size=LARGEST_HEAD,
                timeout_keep_alive=IDLE,
                log_config=None,
                access_log=False,
                backlog=ACCEPTED,
                timeout_graceful_shutdown=GRACE,
                server_header=False,
                # Who says that a proxy passed a request on is believed where there is one.
                proxy_headers=settings.public_url is not None,
            )
        )
        self.connection_limits = ConnectionLimits(min(MOST, _allowed_files() - SPARE_FILES))
        self.server_state = self.connection_limits
        self.port = settings.port
        self._settings = settings
        self._socket: socket.socket

    def bind(self) -> None:
        """Listen; it may have to look up a name. Raises PortTaken, and may be tried again."""
        self._socket = bind(self._settings)
        self.port = self._socket.getsockname()[1]

    async def run_until_told(self) -> None:
        """Serve what is bound until `should_exit` is set and the last connection has ended."""
        with self._socket:
            async with asyncio.TaskGroup() as tasks:
                looking = tasks.create_task(self._look(), name="look at connections")
                await self.serve(sockets=[self._socket])
                looking.cancel()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept; asyncio takes one number for what it accepts at once and what waits."""
        await super().startup(sockets)
        self._socket.listen(WAITING)

    async def _look(self) -> None:
        """Drop, again and again, the connections that have overstepped a limit."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_INTERVAL)
            for number, connection in enumerate(tuple(self.connection_limits.connections)):
                connection.look(loop.time())  # type: ignore[union-attr] # all of them are ours
                if number % AT_ONCE == AT_ONCE - 1:
                    await asyncio.sleep(0)


def bind(settings: ServerSettings) -> socket.socket:
    """A listening socket; raises PortTaken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol has to be named: asyncio switches Nagle's algorithm off for nothing else, and an
    # answer in two writes would take the 40 ms of a delayed acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(WAITING)
    except (OSError, UnicodeError) as error:  # a name may be none that DNS knows
        listening.close()
        where = f"{settings.host}:{settings.port}"
        number = error.errno if isinstance(error, OSError) else None
        if number == errno.EADDRINUSE:
            raise PortTaken(
                f"Another program listens on {where}.",
                remedy="Is a chaosmonkey running already? End it, or choose another port.",
            ) from None
        if number == errno.EADDRNOTAVAIL:
            raise PortTaken(
                f"Cannot listen on {where}: this machine has no such address.",
                remedy='Is the network up? [server] host = "0.0.0.0" listens on every address.',
            ) from None
        raise PortTaken(
            f"Cannot listen on {where}: {getattr(error, 'strerror', None) or error}.",
            remedy="Check [server] host and port; ports below 1024 need privileges.",
        ) from None
    return listening


def _allowed_files() -> int:
    """How many files this process may open, after asking for as many as it can get."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MOST_FILES
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
