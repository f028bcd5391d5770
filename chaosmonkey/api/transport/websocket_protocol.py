"""A websocket that drops idle and slow clients, and hands a phone over to a lighter protocol.

    handshake ─► application: accept, receive, send, close      stages, consoles
                      └─ hand_over ─► PhoneConnection, for the rest   phones

Like uvicorn's own, except for timers: the web server sweeps all connections once a second.
"""

from __future__ import annotations

import socket
from asyncio import BaseTransport
from typing import Any

from starlette.websockets import WebSocket
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from chaosmonkey.api.transport.connection_limits import ConnectionLimits, address_of
from chaosmonkey.api.transport.listener import (
    ASK_AFTER,
    CHATTER,
    GOING_AWAY,
    PING,
    POLICY_VIOLATION,
    PhoneConnection,
    is_dead,
)

SEND_BUFFER = 16 * 1024
"""Bytes that the kernel keeps for a client (Linux takes it twice): some 40 messages to a phone. By
default it grows to 4 MB, and 2,000 blocked phones would take the machine's memory."""

NOT_UNDERSTOOD = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"
_EXTENSION = "chaosmonkey.socket"


def protocol_of(websocket: WebSocket) -> WebSocketConnection:
    """The connection behind an application's websocket."""
    connection: WebSocketConnection = websocket.scope["extensions"][_EXTENSION]
    return connection


class WebSocketConnection(WebSocketsSansIOProtocol):
    """One websocket connection.

    uvicorn's own pings must be switched off, and so must compression: a compressed frame is not the
    same for all, and its state would take 40 KB for each phone.
    """

    def __init__(
        self, config: Any, server_state: ConnectionLimits, *args: Any, **more: Any
    ) -> None:
        super().__init__(config, server_state, *args, **more)
        self._limits = server_state
        self._address = ""
        self._heard_at = self.loop.time()
        self._asked = False
        self._said = 0
        self._blocked_at: float | None = None

    def look(self, now: float) -> None:
        """Do what has become due.

        Args:
            now: the event loop's time.
        """
        self._said = 0
        if is_dead(now, self._heard_at, self._blocked_at):
            self.transport.abort()  # closing would wait for what is not read
        elif now - self._heard_at > ASK_AFTER and not self._asked and self._is_open:
            self._asked = True
            if self.handshake_complete and self._blocked_at is None:
                self.transport.write(PING)

    def connection_made(self, transport: BaseTransport) -> None:
        """Take over from HTTP."""
        super().connection_made(transport)
        self._address = address_of(transport.get_extra_info("peername"))
        self.transport.set_write_buffer_limits(high=0)  # blocked is what the kernel does not take
        end = transport.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave nothing behind."""
        super().connection_lost(exc)
        self._limits.left(self._address, listened=True)

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
        if not self.handshake_complete:  # nobody speaks before they are let in
            if not self.transport.is_closing():
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

    def resume_writing(self) -> None:
        """All was taken: what came in the meantime follows."""
        super().resume_writing()
        self._blocked_at = None

    def shutdown(self) -> None:
        """Say goodbye when the server stops, by the code that docs/protocol.md promises."""
        if self._is_open and self.handshake_complete:
            self.conn.fail(GOING_AWAY, "the server stops")
            self.handle_parser_exception()
        else:
            super().shutdown()

    def hand_over(self, patience: int) -> PhoneConnection:
        """Give the connection to a phone; the application returns and what it took is freed.

        Args:
            patience: messages that the client may send yet.

        Raises:
            ClientDisconnected: it has left.
        """
        if self.disconnected:
            raise ClientDisconnected
        phone = PhoneConnection(self.transport, self._limits, self._address, patience=patience)
        self.connections.discard(self)
        self.connections.add(phone)  # type: ignore[arg-type] # has what uvicorn asks of one: shutdown
        self.transport.set_protocol(phone)
        if self._blocked_at is not None:
            phone.pause_writing()
        if self.read_paused:
            self.transport.resume_reading()
        return phone

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
        if self.close_timer is None and self.transport.get_protocol() is self:
            self.transport.close()

    def _dismiss(self, reason: str) -> None:
        if self._is_open:
            self.conn.fail(POLICY_VIOLATION, reason)
            self.handle_parser_exception()

    @property
    def _is_open(self) -> bool:
        return not (self.close_sent or self.disconnected or self.transport.is_closing())
