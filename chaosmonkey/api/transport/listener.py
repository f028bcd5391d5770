"""A phone's websocket after the handshake: minimal, because there may be 2,000 of them.

    offer(frame)         sends the bytes, or keeps the latest until the phone reads
    beat(frame)          sends the bytes, or drops them
    enforce_limits(now)  once a second; aborts silent and blocked connections

A server's frames are not masked, so all phones get the same bytes. Of what a phone sends, only
ping, pong and close are handled. There is no task, no timer and no queue; uvicorn's websocket takes
five times the memory.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable

from websockets.frames import Frame, Opcode

from chaosmonkey.api.transport.connection_limits import ConnectionLimits

LARGEST_MESSAGE = 2 * 1024
"""Bytes of a message that a client may send; our longest is a stage's `{"drawn": 42}`."""

BYTES_PER_SECOND = 4 * 1024
"""Bytes a second that a client may send, pongs included: a stage needs 2,300 at 100 deltas a
second. With more, a few senders of empty pings, 20 µs each, could occupy the processor."""

PING_AFTER = 15.0
"""Seconds of silence after which a client is pinged; browsers answer automatically."""

SILENT = 45.0
"""Seconds of silence after which a connection is dead: a phone that loses Wi-Fi sends no close.
Longer than a phone needs to roam from one access point to another."""

BLOCKED = 20.0
"""Seconds that a client may leave data unread before its connection is aborted."""

NORMAL = 1000
GOING_AWAY = 1001
PROTOCOL_ERROR = 1002
POLICY_VIOLATION = 1008
TOO_BIG = 1009


class ProtocolViolation(Exception):
    """A client violated the protocol; its connection is closed."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def framed(message: bytes, opcode: int = Opcode.TEXT) -> bytes:
    """Encode a message as a server's frame: the same bytes for all clients."""
    return Frame(Opcode(opcode), message).serialize(mask=False)


KNOWN = frozenset(map(int, Opcode))
PING = framed(b"", Opcode.PING)


class PhoneConnection(asyncio.Protocol):
    """Takes over the transport of a websocket after its handshake.

    Frames are written to the file descriptor, which is safe while the transport buffers nothing;
    the system call is nearly all that a phone costs.

    Args:
        transport: the connection; it must call `pause_writing` before it buffers anything.
        connection_limits: counts the connection, under `address`.
        patience: messages that the client may send; the next one ends the connection.
    """

    __slots__ = (
        "_address",
        "_blocked_at",
        "_bytes_received",
        "_ended",
        "_file",
        "_latest",
        "_limits",
        "_on_close",
        "_patience",
        "_pinged",
        "_received_at",
        "_unparsed",
        "transport",
    )  # fmt: skip

    def __init__(
        self,
        transport: asyncio.Transport,
        connection_limits: ConnectionLimits,
        address: str,
        *,
        patience: int,
    ) -> None:
        self.transport = transport
        self._limits = connection_limits
        self._address = address
        self._patience = patience
        self._received_at = _now()
        self._pinged = False
        self._blocked_at: float | None = None
        self._bytes_received = 0
        self._unparsed = b""
        self._latest: bytes | None = None
        self._on_close: Callable[[], None] | None = None
        self._ended = False
        self._file = -1
        self._open()

    def offer(self, frame: bytes) -> None:
        """Send a frame; while the connection is blocked, keep the latest for later."""
        if self._file >= 0:
            self._write(frame)
        else:
            self._latest = frame

    def beat(self, frame: bytes) -> None:
        """Send a frame, or drop it while the connection is blocked."""
        if self._file >= 0:
            self._write(frame)

    def on_close(self, callback: Callable[[], None]) -> None:
        """Call `callback` once when the connection has ended; at once if it has."""
        if self._ended:
            callback()
        else:
            self._on_close = callback

    def enforce_limits(self, now: float) -> None:
        """Abort a silent or blocked connection, and ping a quiet one.

        Args:
            now: the event loop's time.
        """
        self._bytes_received = 0
        if is_dead(now, self._received_at, self._blocked_at):
            self.transport.abort()  # closing would wait for unread data
        elif now - self._received_at > PING_AFTER and not self._pinged:
            self._pinged = True
            self.beat(PING)

    def data_received(self, data: bytes) -> None:
        """Process a client's frames; limits are checked before the work is done."""
        self._received_at = _now()
        self._pinged = False
        self._bytes_received += len(data)
        try:
            self._unparsed += data[:BYTES_PER_SECOND]
            while (
                frame := first_frame(self._unparsed)
            ) is not None and not self.transport.is_closing():
                opcode, payload, self._unparsed = frame
                self._take(opcode, payload)
            if self._bytes_received > BYTES_PER_SECOND:
                raise ProtocolViolation(POLICY_VIOLATION, "too much data")
        except ProtocolViolation as violation:
            self._close(violation.code, violation.reason)

    def pause_writing(self) -> None:
        """Record that the kernel's buffer is full: the client or the network is too slow."""
        self._blocked_at = _now()
        self._file = -1

    def resume_writing(self) -> None:
        """Send the latest frame that was kept while the connection was blocked."""
        self._blocked_at = None
        self._open()
        latest, self._latest = self._latest, None
        if latest is not None:
            self.offer(latest)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        """Remove the connection from the limits, and call the `on_close` callback."""
        self._ended = True
        self._file = -1
        self._latest = None
        callback, self._on_close = self._on_close, None
        self._limits.connections.discard(self)
        self._limits.left(self._address, listened=True)
        if callback is not None:
            callback()

    def shutdown(self) -> None:
        """Close the connection because the server stops; uvicorn calls this."""
        self._close(GOING_AWAY, "the server stops")

    def _take(self, opcode: int, payload: bytes) -> None:
        match opcode:
            case Opcode.PING:
                self.beat(framed(payload, Opcode.PONG))
            case Opcode.PONG:
                pass
            case Opcode.CLOSE:
                self._close(int.from_bytes(payload[:2]) if len(payload) > 1 else NORMAL, "")
            case _:
                self._patience -= 1
                if self._patience < 0:
                    raise ProtocolViolation(POLICY_VIOLATION, "too many messages")

    def _write(self, frame: bytes) -> None:
        try:
            sent = os.write(self._file, frame)
        except OSError:
            sent = 0  # full or broken: the transport handles it
        if sent < len(frame):
            self.transport.write(frame[sent:])

    def _open(self) -> None:
        if not self.transport.is_closing():
            self._file = self.transport.get_extra_info("socket").fileno()

    def _close(self, code: int, reason: str) -> None:
        if self.transport.is_closing():
            return
        self._file = -1
        self.transport.write(framed(struct.pack("!H", code) + reason.encode(), Opcode.CLOSE))
        self.transport.close()


def is_dead(now: float, received_at: float, blocked_at: float | None) -> bool:
    """Whether a client was silent or blocked for too long."""
    return now - received_at > SILENT or (blocked_at is not None and now - blocked_at > BLOCKED)


def first_frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Parse a client's first frame: opcode, payload and the remaining bytes; None if incomplete.

    Raises:
        ProtocolViolation: the frame is invalid or too large.
    """
    if len(data) < 2:
        return None
    opcode, size, start = data[0] & 0x0F, data[1] & 0x7F, 6
    if data[0] & 0x70 or opcode not in KNOWN or not data[1] & 0x80:
        raise ProtocolViolation(PROTOCOL_ERROR, "invalid frame")
    if opcode & 0x08 and (size > 125 or not data[0] & 0x80):
        raise ProtocolViolation(PROTOCOL_ERROR, "invalid control frame")
    if size == 126:
        size, start = int.from_bytes(data[2:4]), 8
    if size == 127 or size > LARGEST_MESSAGE:
        raise ProtocolViolation(TOO_BIG, "message too big")
    if len(data) < start + size:
        return None
    mask, payload = data[start - 4 : start], data[start : start + size]
    clear = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return opcode, clear, data[start + size :]


def _now() -> float:
    return asyncio.get_running_loop().time()
