"""The public web server: it binds with a clear error, and enforces limits on its connections.

`connection_limits` counts the connections, and the server sweeps all of them once a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource
import socket
from functools import partial
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from chaosmonkey.api.transport.client_limits import LARGEST_MESSAGE
from chaosmonkey.api.transport.connection_limits import Capacity, ConnectionLimits
from chaosmonkey.api.transport.http_protocol import IDLE, LARGEST_HEAD, HttpConnection
from chaosmonkey.api.transport.phone_handshake import PhoneEntrance
from chaosmonkey.api.transport.uvicorn_server import GRACE, UvicornServer
from chaosmonkey.api.transport.websocket_protocol import WebSocketConnection
from chaosmonkey.config import ListenSettings
from chaosmonkey.errors import Unavailable

SWEEP_INTERVAL = 1.0
"""Real seconds between two sweeps."""

AT_ONCE = 100
"""Connections checked before other tasks run: 2,000 pings would take 20 ms."""

WAITING = 2048
"""Connections that the kernel queues until they are accepted: a hall may scan the code at once."""

ACCEPTED = 64
"""Connections accepted before other tasks run: 3 ms of work."""

MOST_FILES = 65_536
"""File descriptors that this process requests; login shells and Debian's services get 1024, which
is too few for the phones."""

SPARE_FILES = 256
"""File descriptors reserved for everything else: cluster, plugs, database, programs, pages."""


class PortTaken(Unavailable):
    """The port is in use, the address does not exist, or this user lacks the privilege."""

    title = "Port not available"


class WebServer(UvicornServer):
    """Serves an ASGI app on a bound socket until `should_exit` is set.

    Args:
        entrance: the application.
        settings: where to listen.
        phones: accepts phones' websockets without the application. Behind a proxy it is not used:
            there the application's side finds out the client's address.

    Attributes:
        port: the bound port.
    """

    def __init__(
        self,
        entrance: ASGIApp,
        settings: ListenSettings,
        *,
        phones: PhoneEntrance | None = None,
        capacity: Capacity = Capacity(),  # noqa: B008 - frozen
    ) -> None:
        behind_proxy = settings.public_url is not None or bool(capacity.proxies)
        connection = partial(HttpConnection, phones=None if behind_proxy else phones)
        super().__init__(
            uvicorn.Config(
                entrance,
                lifespan="off",
                http=cast("type[HttpConnection]", connection),
                ws=WebSocketConnection,
                ws_max_size=LARGEST_MESSAGE,
                ws_ping_interval=None,  # needs a timer for each; the sweep replaces it
                ws_per_message_deflate=False,  # 40 KB for each, and frames could not be shared
                h11_max_incomplete_event_size=LARGEST_HEAD,
                timeout_keep_alive=IDLE,
                log_config=None,
                access_log=False,
                backlog=ACCEPTED,
                timeout_graceful_shutdown=GRACE,
                server_header=False,
                # Trust a proxy's headers only if one is configured.
                proxy_headers=behind_proxy,
                forwarded_allow_ips=[str(one) for one in capacity.proxies] or None,
            )
        )
        self.connection_limits = ConnectionLimits(capacity, allowed=_allowed_files() - SPARE_FILES)
        self.server_state = self.connection_limits
        self.port = settings.port
        self._settings = settings
        self._socket: socket.socket

    def bind(self) -> None:
        """Bind and listen; may resolve a name. Raises PortTaken, and may be tried again."""
        self._socket = bind(self._settings)
        self.port = self._socket.getsockname()[1]

    async def run_until_stopped(self) -> None:
        """Serve until `should_exit` is set and the last connection has ended."""
        with self._socket:
            async with asyncio.TaskGroup() as tasks:
                sweeping = tasks.create_task(self._sweep(), name="sweep connections")
                await self.serve(sockets=[self._socket])
                sweeping.cancel()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start accepting with a larger queue; asyncio has one setting for ACCEPTED and WAITING."""
        await super().startup(sockets)
        self._socket.listen(WAITING)

    async def _sweep(self) -> None:
        """Enforce the limits of every connection, periodically."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_INTERVAL)
            for number, connection in enumerate(tuple(self.connection_limits.connections)):
                connection.enforce_limits(loop.time())  # type: ignore[union-attr] # all are ours
                if number % AT_ONCE == AT_ONCE - 1:
                    await asyncio.sleep(0)


def bind(settings: ListenSettings) -> socket.socket:
    """Create a listening socket; raises PortTaken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio disables Nagle's algorithm only if the protocol is named; with it, an answer in two
    # writes would wait 40 ms for a delayed acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(WAITING)
    except (OSError, UnicodeError) as error:  # UnicodeError: not a valid host name
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
    """Raise this process's limit of open files as far as possible; return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MOST_FILES
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
