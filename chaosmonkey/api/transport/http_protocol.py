"""An HTTP connection with time limits.

    opened ─► request line, headers, body ─► answered ─► idle for a few seconds ─► closed
      └──────────── 15 s at most ─┘             └─ unread for 20 s: aborted

uvicorn waits for a request without a limit, so a few programs that send a byte a second could
occupy every connection. There are no timers: the web server sweeps all connections once a second.
"""

from __future__ import annotations

from asyncio import Transport
from typing import Any, cast

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from chaosmonkey.api.transport.client_limits import BLOCKED, NOT_UNDERSTOOD
from chaosmonkey.api.transport.connection_limits import ConnectionLimits, address_of
from chaosmonkey.api.transport.phone_connection import PhoneConnection
from chaosmonkey.api.transport.phone_handshake import PhoneEntrance, accept, limit_send_buffer
from chaosmonkey.api.transport.whole_response import RESPOND, WholeResponse

REQUEST_TIME = 15.0
"""Seconds from the first byte of a request, or from connecting, to its last byte. A vote is one
packet; a bad Wi-Fi has time to send it four times."""

IDLE = 5
"""Seconds between two requests on one connection: enough to load a page and its assets."""

LARGEST_HEAD = 16 * 1024
"""Bytes of a request's line and headers; a browser sends 1 KB."""

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n"


class HttpConnection(H11Protocol):
    """uvicorn's HTTP/1.1 connection with limits of number and time.

    Args:
        config: uvicorn's configuration.
        server_state: admits and counts connections.
        phones: accepts phones' websockets; without it they are accepted like all others.
    """

    def __init__(
        self,
        config: Any,
        server_state: ConnectionLimits,
        *args: Any,
        phones: PhoneEntrance | None = None,
        **more: Any,
    ) -> None:
        super().__init__(config, server_state, *args, **more)
        self._phones = phones
        self.app = self._run
        self._application: ASGIApp = self.config.loaded_app
        self._handshake: h11.Request | None = None
        self._limits = server_state
        self._address: str | None = None
        self._request_since: float | None = None
        self._blocked_at: float | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn
        """Admit the connection, or answer 503."""
        address = address_of(transport.get_extra_info("peername"))
        if not self._limits.admit(self, address):
            transport.write(BUSY)
            transport.close()
            return
        self._address = address
        self._request_since = self.loop.time()
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # pause as soon as the kernel's buffer is full

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove the connection from the limits."""
        if self._address is None:
            return
        super().connection_lost(exc)
        self.app = self._application  # no reference to itself: it is freed at once
        self._limits.mark_active(self)
        self._limits.left(self._address, listened=self._handshake is not None)

    def data_received(self, data: bytes) -> None:
        """Process data, and record when the current request began."""
        if self._handshake is not None:  # no frames before the handshake is accepted
            if not self.transport.is_closing():
                self.transport.write(NOT_UNDERSTOOD)
                self.transport.close()
            return
        super().data_received(data)
        if self.transport.get_protocol() is not self:
            return  # it is a websocket now
        if not self._request_in_progress:
            self._request_since = None
            self._limits.mark_active(self)
        elif self._request_since is None:
            self._request_since = self.loop.time()

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; its scope has a faster way to send a prepared response."""
        scope[RESPOND] = self._respond
        try:
            await self._application(scope, receive, send)
        finally:
            del scope[RESPOND]  # it refers to this connection, which refers to the scope

    def _respond(self, response: WholeResponse) -> bool:
        """Send a response in one piece; False if something about the request or client forbids it.

        What remains to be done is as in uvicorn's RequestResponseCycle.
        """
        cycle, conn = self.cycle, self.conn
        is_busy = self.flow.write_paused or cycle.disconnected or cycle.response_started
        if is_busy or conn.their_state is not h11.DONE or cycle.scope["method"] == "HEAD":
            return False
        self.transport.write(response.encode(conn, self.server_state.default_headers))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        if conn.our_state is h11.MUST_CLOSE or not cycle.keep_alive:
            conn.send(h11.ConnectionClosed())
            self.transport.close()
        cycle.on_response()
        return True

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Switch to a websocket if there is room."""
        assert self._address is not None
        if not self._limits.admit_listener(self._address):
            self._turn_away(BUSY)
            return
        self._limits.mark_active(self)
        self.app = self._application
        if self._phones is None or not self._phones.admits(cast("Scope", self.scope)):
            super().handle_websocket_upgrade(event)
            return
        self._handshake = event
        self._phones.call(cast("Scope", self.scope), self._accept_phone)

    def _accept_phone(self) -> bool:
        """Switch to a phone's websocket; False if the client has disconnected."""
        event, phones = self._handshake, self._phones
        assert event is not None
        assert phones is not None
        assert self._address is not None
        if self.transport.is_closing():
            return False
        self._handshake = None
        if (accepted := accept(event)) is None:
            super().handle_websocket_upgrade(event)  # it answers what is wrong
            return True
        protocol, answer = accepted
        limit_send_buffer(self.transport)
        self.transport.write(answer)
        phone = PhoneConnection(self.transport, protocol, self._limits, self._address)
        self.connections.discard(self)
        self.connections.add(phone)  # type: ignore[arg-type] # uvicorn only calls shutdown
        self.transport.set_protocol(phone)
        if self._blocked_at is not None:
            phone.pause_writing()
        phones.begin_session(cast("Scope", self.scope), phone)
        return True

    def shutdown(self) -> None:
        """Close the connection when the server stops, after the answer under way."""
        if self._handshake is not None:
            self.transport.close()
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        """Record that the kernel's buffer is full: the client or the network is too slow."""
        super().pause_writing()
        self._blocked_at = self.loop.time()

    def resume_writing(self) -> None:
        """Record that the buffer was flushed."""
        super().resume_writing()
        self._blocked_at = None

    def enforce_limits(self, now: float) -> None:
        """Abort the connection if it blocks, and refuse a request that takes too long.

        Args:
            now: the event loop's time.
        """
        if self._blocked_at is not None and now - self._blocked_at > BLOCKED:
            self.dismiss()
        elif self._request_since is not None and now - self._request_since > REQUEST_TIME:
            self._request_since = None
            self._turn_away(TOO_SLOW)

    def dismiss(self) -> None:
        """Abort at once: closing would wait for unread data."""
        self.transport.abort()

    def _turn_away(self, answer: bytes) -> None:
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(answer)
        self.transport.close()

    @property
    def _request_in_progress(self) -> bool:
        """Whether a request is still incomplete."""
        if self.conn.their_state is h11.IDLE:
            return self.cycle is None or bool(self.conn.trailing_data[0])
        return self.conn.their_state is h11.SEND_BODY
