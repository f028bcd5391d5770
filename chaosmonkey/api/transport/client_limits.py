"""Limits of every websocket client, close codes, and frames that are the same for all."""

from __future__ import annotations

import struct

from websockets.frames import Opcode

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

SEND_BUFFER = 16 * 1024
"""Bytes that the kernel buffers for a client (Linux doubles it): some 40 messages to a phone. By
default it grows to 4 MB, and 2,000 blocked phones would exhaust the machine's memory."""

NOT_UNDERSTOOD = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"
"""The answer to a client that sends frames before its handshake was accepted."""

GOING_AWAY = 1001
UNSUPPORTED_DATA = 1003
POLICY_VIOLATION = 1008


def framed(message: bytes, opcode: int = Opcode.TEXT) -> bytes:
    """Encode a message as a server's frame (RFC 6455, 5.2): the same bytes for all clients.

    websockets' own encoder would cost as much as writing the frame to the socket.
    """
    size = len(message)
    if size < 126:
        return bytes((0x80 | opcode, size)) + message
    if size < 1 << 16:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + message
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + message


PING = framed(b"", Opcode.PING)


def is_dead(now: float, received_at: float, blocked_at: float | None) -> bool:
    """Whether a client was silent or blocked for too long."""
    return now - received_at > SILENT or (blocked_at is not None and now - blocked_at > BLOCKED)
