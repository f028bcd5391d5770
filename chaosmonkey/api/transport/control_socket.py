"""The control socket: local access over a Unix socket in the data folder.

    curl --unix-socket /var/lib/chaosmonkey/control.sock -X POST http://localhost/halt

File permissions grant access: a user who can open the socket could also create a token in the same
folder, so requests have full presenter access. Remote clients and browsers cannot reach it.
"""

from __future__ import annotations

import logging
import pwd
import socket
import struct
from asyncio import Transport
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

from chaosmonkey.api.middleware.concurrency import USER
from chaosmonkey.api.transport.uvicorn_server import GRACE, UvicornServer
from chaosmonkey.datafiles import PRIVATE, give_to_owner

log = logging.getLogger(__name__)

FILE = "control.sock"

CREDENTIALS = struct.Struct("3i")
"""Linux's struct ucred: process, user and group of the peer."""


class ControlServer(UvicornServer):
    """Serves the API to users of this machine until `should_exit` is set."""

    def __init__(self, entrance: ASGIApp, folder: Path) -> None:
        super().__init__(
            Config(
                entrance,
                lifespan="off",
                http=_Connection,
                ws="websockets-sansio",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=GRACE,
                server_header=False,
                proxy_headers=False,
            )
        )
        self._path = folder / FILE

    async def run_until_stopped(self) -> None:
        """Serve until `should_exit` is set; return at once if the socket cannot be created."""
        try:
            listening = _bind(self._path)
        except OSError as error:
            log.warning("Cannot create the control socket at %s: %s.", self._path, error)
            return
        with listening:
            await self.serve(sockets=[listening])
        self._path.unlink(missing_ok=True)


class _Connection(H11Protocol):
    """A connection with the user of its peer."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn
        """Read the peer's user from the kernel."""
        super().connection_made(transport)
        self.app = _Named(self.app, _user_of(transport.get_extra_info("socket")))


class _Named:
    """ASGI middleware that sets the user in the scope."""

    def __init__(self, app: Any, user: str) -> None:
        self._app: ASGIApp = app
        self._user = user

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[USER] = self._user
        await self._app(scope, receive, send)


def _bind(path: Path) -> socket.socket:
    """Create a listening socket for the folder's owner; replaces an earlier server's file."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        path.chmod(PRIVATE)
        give_to_owner(path, path.parent)
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


def _user_of(end: Any) -> str:
    """Return the name of the peer's user, as the kernel reports it."""
    peer = getattr(socket, "SO_PEERCRED", None)  # Linux
    if peer is None:
        return "a user"
    _, number, _ = CREDENTIALS.unpack(end.getsockopt(socket.SOL_SOCKET, peer, CREDENTIALS.size))
    with suppress(KeyError):
        return pwd.getpwuid(number).pw_name
    return f"user {number}"
