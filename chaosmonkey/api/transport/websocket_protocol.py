"""A websocket that drops idle and slow clients, and switches phones to a lighter protocol.

    handshake ─► application: accept, receive, send, close      stages, consoles
                      └─ switch_to_phone ─► PhoneConnection     phones

It extends uvicorn's, without timers: the web server sweeps all connections once a second.
"""

from __future__ import annotations

from asyncio import BaseTransport
from typing import Any

from starlette.requests import HTTPConnection
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from chaosmonkey.api.transport.client_limits import (
    BYTES_PER_SECOND,
    GOING_AWAY,
    NOT_UNDERSTOOD,
    PING,
    PING_AFTER,
    POLICY_VIOLATION,
    is_dead,
)
from chaosmonkey.api.transport.connection_limits import ConnectionLimits, address_of
from chaosmonkey.api.transport.phone_connection import PhoneConnection
from chaosmonkey.api.transport.phone_handshake import limit_send_buffer

_EXTENSION = "chaosmonkey.socket"


def protocol_of(handshake: HTTPConnection) -> WebSocketConnection:
    """Return the connection of an application's websocket."""
    connection: WebSocketConnection = handshake.scope["extensions"][_EXTENSION]
    return connection


class WebSocketConnection(WebSocketsSansIOProtocol):
    """One websocket connection.

    uvicorn's pings must be disabled, and so must compression: compressed frames could not be shared
    between clients, and their state would take 40 KB for each phone.
    """

    def __init__(
        self, config: Any, server_state: ConnectionLimits, *args: Any, **more: Any
    ) -> None:
        super().__init__(config, server_state, *args, **more)
        self._limits = server_state
        self._address = ""
        self._received_at = self.loop.time()
        self._pinged = False
        self._bytes_received = 0
        self._blocked_at: float | None = None

    def enforce_limits(self, now: float) -> None:
        """Abort a silent or blocked connection, and ping a quiet one.

        Args:
            now: the event loop's time.
        """
        self._bytes_received = 0
        if is_dead(now, self._received_at, self._blocked_at):
            self.transport.abort()  # closing would wait for unread data
        elif now - self._received_at > PING_AFTER and not self._pinged and self._is_open:
            self._pinged = True
            if self.handshake_complete and self._blocked_at is None:
                self.transport.write(PING)

    def connection_made(self, transport: BaseTransport) -> None:
        """Take over from HTTP."""
        super().connection_made(transport)
        self._address = address_of(transport.get_extra_info("peername"))
        self.transport.set_write_buffer_limits(
            high=0
        )  # pause as soon as the kernel's buffer is full
        limit_send_buffer(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove the connection from the limits."""
        super().connection_lost(exc)
        self._limits.left(self._address, listened=True)

    def data_received(self, data: bytes) -> None:
        """Process a client's frames; limits are checked before the work is done."""
        self._received_at = self.loop.time()
        self._pinged = False
        if not self.handshake_initiated:
            super().data_received(data)  # the whole request, from HTTP
            if not self.handshake_initiated:
                self.transport.write(NOT_UNDERSTOOD)
                self.transport.close()
            return
        if not self.handshake_complete:  # no frames before the handshake is accepted
            if not self.transport.is_closing():
                self.transport.write(NOT_UNDERSTOOD)
                self.transport.close()
            return
        self._bytes_received += len(data)
        if self._bytes_received <= BYTES_PER_SECOND:
            super().data_received(data)
            return
        super().data_received(data[: BYTES_PER_SECOND // 2])  # may close with a better reason
        self._dismiss("too much data")

    def pause_writing(self) -> None:
        """Record that the kernel's buffer is full: the client or the network is too slow."""
        super().pause_writing()
        self._blocked_at = self.loop.time()

    def resume_writing(self) -> None:
        """Record that the buffer was flushed."""
        super().resume_writing()
        self._blocked_at = None

    def shutdown(self) -> None:
        """Close with the code that docs/protocol.md documents when the server stops."""
        if self._is_open and self.handshake_complete:
            self.conn.fail(GOING_AWAY, "the server stops")
            self.handle_parser_exception()
        else:
            super().shutdown()

    def switch_to_phone(self) -> PhoneConnection:
        """Switch the connection to a PhoneConnection; the application can then return.

        Raises:
            ClientDisconnected: the client has disconnected.
        """
        if self.disconnected:
            raise ClientDisconnected
        phone = PhoneConnection(self.transport, self.conn, self._limits, self._address)
        self.connections.discard(self)
        self.connections.add(phone)  # type: ignore[arg-type] # uvicorn only calls shutdown
        self.transport.set_protocol(phone)
        if self._blocked_at is not None:
            phone.pause_writing()
        if self.read_paused:
            self.transport.resume_reading()
        return phone

    async def run_asgi(self) -> None:
        """Run the application, with this connection in its scope."""
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
