"""A websocket that takes frames built once for many, and that nobody can keep for nothing.

    for the application   as uvicorn's own: accept, receive, send, close
    for the phones        ear.offer(frame): the bytes go out, or wait, the latest only
    for the web server    look(now): once a second; drops who is silent, blocked or talks too much

A server's frames are not masked, so that the same bytes do for every reader. Nothing here has a
timer: 2,000 sockets cost 2,000 glances a second.
"""

from __future__ import annotations

import os
import socket
from asyncio import BaseTransport
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

from chaosmonkey.api.connections import BLOCKED
from chaosmonkey.api.crowd import Crowd, address_of

LARGEST_MESSAGE = 2 * 1024
"""Bytes of a message that a client may send: all that is ever said is a stage's `{"drawn": 42}`."""

CHATTER = 4 * 1024
"""Bytes a second that a client may send, pongs included: a stage needs 2,300 at 100 deltas a
second. More would let a few senders of empty pings, 20 µs each, take the processor."""

ASK_AFTER = 15.0
"""Seconds of silence after which a client is asked for a pong; browsers answer by themselves."""

SILENT = 45.0
"""Seconds of silence after which a connection is dead: a phone out of Wi-Fi says no goodbye. Longer
than a phone needs to roam from one access point to another."""

SEND_BUFFER = 16 * 1024
"""Bytes that the kernel keeps for a client (Linux takes it twice): some 40 messages to a phone. By
default it grows to 4 MB, and 2,000 blocked phones would take the machine's memory."""

NOT_UNDERSTOOD = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"
PING = Frame(Opcode.PING, b"").serialize(mask=False)

GOING_AWAY = 1001
POLICY_VIOLATION = 1008

_EXTENSION = "chaosmonkey.socket"


def framed(message: bytes) -> bytes:
    """A text message as a server sends it: the same bytes for everyone."""
    return Frame(Opcode.TEXT, message).serialize(mask=False)


def behind(websocket: WebSocket) -> Socket:
    """The connection behind an application's websocket."""
    connection: Socket = websocket.scope["extensions"][_EXTENSION]
    return connection


class Ear:
    """Where frames for many go into one connection; small, so that 2,000 of them stay in the cache.

    It writes to the file itself, which the transport permits as long as it holds nothing back.
    """

    __slots__ = ("_file", "_latest", "_socket")

    def __init__(self, of: Socket) -> None:
        self._socket = of
        self._file = -1
        self._latest: bytes | None = None

    def offer(self, frame: bytes) -> None:
        """Send a frame; while the client does not read, keep the latest for later."""
        if self._file >= 0:
            self._write(frame)
        else:
            self._latest = frame

    def beat(self, frame: bytes) -> None:
        """Send a frame, unless the client does not read."""
        if self._file >= 0:
            self._write(frame)

    def open(self, file: int) -> None:
        """The file takes bytes, from now on or again."""
        self._file = file
        latest, self._latest = self._latest, None
        if latest is not None:
            self._write(latest)

    def shut(self) -> None:
        """It takes none for now, or never more."""
        self._file = -1

    def _write(self, frame: bytes) -> None:
        try:
            sent = os.write(self._file, frame)
        except OSError:
            sent = 0  # full, or broken: the transport knows what to do
        if sent < len(frame):
            self._socket.transport.write(frame[sent:])


class Socket(WebSocketsSansIOProtocol):
    """One websocket connection.

    uvicorn's own pings must be switched off, and so must compression: a compressed frame is not the
    same for all, and its state would take 40 KB for each phone.
    """

    def __init__(self, config: Any, server_state: Crowd, *args: Any, **more: Any) -> None:
        super().__init__(config, server_state, *args, **more)
        self._crowd = server_state
        self._address = ""
        self._heard_at = self.loop.time()
        self._asked = False
        self._said = 0
        self._blocked_at: float | None = None
        self._left: Callable[[], None] | None = None
        self._patience = 0
        self.ear = Ear(self)

    def look(self, now: float) -> None:
        """Do what has become due.

        Args:
            now: the event loop's time.
        """
        self._said = 0
        silent = now - self._heard_at
        if silent > SILENT or (self._blocked_at is not None and now - self._blocked_at > BLOCKED):
            self.transport.abort()  # closing would wait for what is not read
        elif silent > ASK_AFTER and not self._asked and self.handshake_complete:
            self._asked = True
            self.ear.beat(PING)

    def connection_made(self, transport: BaseTransport) -> None:
        """Take over from HTTP."""
        super().connection_made(transport)
        self._address = address_of(transport.get_extra_info("peername"))
        self.transport.set_write_buffer_limits(high=0)  # blocked is what the kernel does not take
        end = transport.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.ear.open(end.fileno())

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave nothing behind."""
        super().connection_lost(exc)
        self.ear.shut()
        if self._left is not None:
            self._left()
        self._crowd.left(self._address, listened=True)

    def data_received(self, data: bytes) -> None:
        """Hear a client, within limits that are applied before the costs arise."""
        self._heard_at = self.loop.time()
        self._asked = False
        if not self.handshake_initiated:
            super().data_received(data)  # the whole request, from HTTP
            if not self.handshake_initiated:
                self.transport.write(NOT_UNDERSTOOD)
                self.transport.close()
            return
        self._said += len(data)
        if self._said <= CHATTER:
            super().data_received(data)
            return
        super().data_received(data[: CHATTER // 2])  # may say better what is wrong
        self._dismiss("too much was said")

    def pause_writing(self) -> None:
        """The kernel takes no more: the client does not read, or the network does not deliver."""
        super().pause_writing()
        self._blocked_at = self.loop.time()
        self.ear.shut()

    def resume_writing(self) -> None:
        """All was taken: what came in the meantime follows."""
        super().resume_writing()
        self._blocked_at = None
        if self._is_open:
            self.ear.open(self.transport.get_extra_info("socket").fileno())

    def shutdown(self) -> None:
        """Say goodbye when the server stops, by the code that docs/protocol.md promises."""
        if self._is_open and self.handshake_complete:
            self.conn.fail(GOING_AWAY, "the server stops")
            self.handle_parser_exception()
        else:
            super().shutdown()

    def stay(self, patience: int, left: Callable[[], None]) -> None:
        """Stay when the application returns: what follows is for the ear alone, and needs no task.

        Args:
            patience: messages that the client may send; the next one ends the connection.
            left: is called once when the connection has ended.
        """
        if self.disconnected:
            left()
            return
        self._left, self._patience = left, patience

    async def run_asgi(self) -> None:
        """Run the application, which finds this connection in its scope."""
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[_EXTENSION] = self
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except Exception:
            self.logger.exception("Exception in the application of a websocket")
            self.send_500_response()
        finally:
            del extensions[_EXTENSION]
        if self._left is None and self.close_timer is None:
            self.transport.close()
        else:
            del self.scope, self.request, self.response  # two thirds of what a phone takes

    def send_receive_event_to_app(self) -> None:
        """Pass on what a client says, if there is anybody to hear it."""
        if self._left is None:
            super().send_receive_event_to_app()
            return
        self.frames = []
        self._patience -= 1
        if self._patience < 0:
            self._dismiss("nothing is to be said here")

    def _dismiss(self, reason: str) -> None:
        if self._is_open:
            self.conn.fail(POLICY_VIOLATION, reason)
            self.handle_parser_exception()

    @property
    def _is_open(self) -> bool:
        return not (self.close_sent or self.disconnected or self.transport.is_closing())
