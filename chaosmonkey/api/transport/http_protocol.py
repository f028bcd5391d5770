"""An HTTP connection that has to get to the point.

    opened ─► request line, headers, body ─► answered ─► idle for a few seconds ─► closed
      └──────────── 15 s at most ─┘             └─ unread for 20 s: cut

uvicorn waits for the rest of a request for ever, and so a few programs that send a byte a second
could hold every connection. As in `sockets`, nothing here has a timer: the web server looks once a
second.
"""

from __future__ import annotations

from asyncio import Transport
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from chaosmonkey.api.transport.connection_limits import ConnectionLimits, address_of
from chaosmonkey.api.transport.listener import BLOCKED

REQUEST_TIME = 15.0
"""Seconds from the first byte of a request, or from connecting, to its last byte. A vote is one
packet; this lets a bad Wi-Fi send it four times."""

IDLE = 5
"""Seconds between two requests on one connection: a page with what it loads, not more."""

LARGEST_HEAD = 16 * 1024
"""Bytes of a request's line and headers: a browser's are 1 KB."""

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n"


class HttpConnection(H11Protocol):
    """uvicorn's HTTP/1.1 connection, admitted by the crowd and held to its time."""

    def __init__(
        self, config: Any, server_state: ConnectionLimits, *args: Any, **more: Any
    ) -> None:
        super().__init__(config, server_state, *args, **more)
        self._limits = server_state
        self._address: str | None = None
        self._asking_since: float | None = None
        self._blocked_at: float | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn
        """Come in, or be turned away."""
        address = address_of(transport.get_extra_info("peername"))
        if not self._limits.admit(self, address):
            transport.write(BUSY)
            transport.close()
            return
        self._address = address
        self._asking_since = self.loop.time()
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # blocked is what the kernel does not take

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave nothing behind."""
        if self._address is None:
            return
        super().connection_lost(exc)
        self._limits.knows(self)
        self._limits.left(self._address)

    def data_received(self, data: bytes) -> None:
        """Hear a client, and note since when its request has been on the way."""
        super().data_received(data)
        if self.transport.get_protocol() is not self:
            return  # it is a websocket now
        if not self._is_asking:
            self._asking_since = None
            self._limits.knows(self)
        elif self._asking_since is None:
            self._asking_since = self.loop.time()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Become a websocket, if there is room for one more."""
        assert self._address is not None
        if not self._limits.admit_listener(self._address):
            self._turn_away(BUSY)
            return
        self._limits.knows(self)
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        """The kernel takes no more: the client does not read, or the network does not deliver."""
        super().pause_writing()
        self._blocked_at = self.loop.time()

    def resume_writing(self) -> None:
        """All was taken."""
        super().resume_writing()
        self._blocked_at = None

    def look(self, now: float) -> None:
        """Do what has become due.

        Args:
            now: the event loop's time.
        """
        if self._blocked_at is not None and now - self._blocked_at > BLOCKED:
            self.dismiss()
        elif self._asking_since is not None and now - self._asking_since > REQUEST_TIME:
            self._asking_since = None
            self._turn_away(TOO_SLOW)

    def dismiss(self) -> None:
        """Go at once: closing would wait for what is not read."""
        self.transport.abort()

    def _turn_away(self, answer: bytes) -> None:
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(answer)
        self.transport.close()

    @property
    def _is_asking(self) -> bool:
        """Whether a part of a request is still to come."""
        if self.conn.their_state is h11.IDLE:
            return self.cycle is None or bool(self.conn.trailing_data[0])
        return self.conn.their_state is h11.SEND_BODY
