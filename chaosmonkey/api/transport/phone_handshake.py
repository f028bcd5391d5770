"""Accept a phone's websocket straight from HTTP.

    GET /ws/play ─► PhoneEntrance admits ─► its turn ─► ServerProtocol ─► PhoneConnection

uvicorn parses the handshake a second time and runs an application in a task for it. Both are needed
by pages that talk with the application; for a phone they are most of what a handshake costs.
"""

from __future__ import annotations

import logging
import socket
from asyncio import Transport
from collections.abc import Callable
from typing import Protocol

import h11
from starlette.types import Scope
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from chaosmonkey.api.transport.client_limits import LARGEST_MESSAGE, SEND_BUFFER
from chaosmonkey.api.transport.phone_connection import PhoneConnection

NEEDED = (
    *(b"connection", b"upgrade", b"origin", b"sec-websocket-key", b"sec-websocket-version"),
    *(b"sec-websocket-extensions", b"sec-websocket-protocol"),
)
"""Headers that a handshake is decided by."""

ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: "
)
"""The answer to a valid handshake, up to the key. `ServerProtocol.accept` builds it each time."""

log = logging.getLogger(__name__)


class PhoneEntrance(Protocol):
    """What decides about phones' handshakes."""

    def admits(self, scope: Scope) -> bool:
        """Whether a handshake is a phone's and nothing about it is unusual."""
        ...

    def call(self, scope: Scope, start: Callable[[], bool]) -> None:
        """Call `start` when it is the turn of this handshake; see `FairQueue.call`."""
        ...

    def begin_session(self, scope: Scope, phone: PhoneConnection) -> None:
        """Begin the session of an accepted phone."""
        ...


def accept(event: h11.Request) -> tuple[ServerProtocol, bytes] | None:
    """Return the open websocket of a handshake and the answer to send; None if it is invalid."""
    headers = Headers()
    for name, value in event.headers:
        if name in NEEDED:
            headers[name.decode("ascii")] = value.decode("latin-1")
    request = Request(
        event.target.decode("ascii"), headers, event.method.decode("ascii"),
        "HTTP/" + event.http_version.decode("ascii"),
    )  # fmt: skip
    # Open from the start: it shall parse frames, and not the request that h11 has parsed.
    protocol = ServerProtocol(state=State.OPEN, max_size=LARGEST_MESSAGE, logger=log)
    try:
        accepted, _, _ = protocol.process_request(request)
    except Exception:  # noqa: BLE001 - whatever is wrong, uvicorn answers it
        return None
    return protocol, ACCEPTED + accepted.encode("ascii") + b"\r\n\r\n"


def limit_send_buffer(transport: Transport) -> None:
    """Limit what the kernel buffers for a websocket's client."""
    end = transport.get_extra_info("socket")
    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
