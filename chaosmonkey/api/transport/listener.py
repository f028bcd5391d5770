"""A phone's connection once it only listens: as little as 2,000 of them can be.

    offer(frame)   the bytes go out, or wait for the phone to read, the latest only
    beat(frame)    the bytes go out, or are forgotten
    look(now)      once a second; ends who is silent or does not read

A server's frames are not masked, so that the same bytes do for all. What a phone says is understood
as far as the protocol asks for it: ping, close, and that nothing else is to be said. There is no
task, no timer and no queue; what uvicorn keeps for a websocket is five times as much.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable

from websockets.frames import Frame, Opcode

from chaosmonkey.api.transport.connection_limits import ConnectionLimits

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

BLOCKED = 20.0
"""Seconds that a client may leave unread what it was sent, before its connection is cut."""

NORMAL = 1000
GOING_AWAY = 1001
PROTOCOL_ERROR = 1002
POLICY_VIOLATION = 1008
TOO_BIG = 1009


class Unwelcome(Exception):
    """What a client sent ends its connection."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def framed(message: bytes, opcode: int = Opcode.TEXT) -> bytes:
    """A message as a server sends it: the same bytes for everyone."""
    return Frame(Opcode(opcode), message).serialize(mask=False)


KNOWN = frozenset(map(int, Opcode))
PING = framed(b"", Opcode.PING)


class PhoneConnection(asyncio.Protocol):
    """Takes over the transport of a websocket whose handshake is done.

    Frames are written to the file itself, which the transport permits as long as it holds nothing
    back; one call into the kernel is nearly all that a phone costs.

    Args:
        transport: the connection; it must not hold back anything before it says that it does.
        crowd: where the connection is counted, under `address`.
        patience: messages that the client may send; the next one ends the connection.
    """

    __slots__ = (
        "_address",
        "_asked",
        "_blocked_at",
        "_file",
        "_gone",
        "_heard_at",
        "_latest",
        "_left",
        "_limits",
        "_patience",
        "_rest",
        "_said",
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
        self._heard_at = _now()
        self._asked = False
        self._blocked_at: float | None = None
        self._said = 0
        self._rest = b""
        self._latest: bytes | None = None
        self._left: Callable[[], None] | None = None
        self._gone = False
        self._file = -1
        self._open()

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

    def when_gone(self, left: Callable[[], None]) -> None:
        """Call this once, when the connection has ended; at once if it has."""
        if self._gone:
            left()
        else:
            self._left = left

    def look(self, now: float) -> None:
        """Do what has become due.

        Args:
            now: the event loop's time.
        """
        self._said = 0
        if is_dead(now, self._heard_at, self._blocked_at):
            self.transport.abort()  # closing would wait for what is not read
        elif now - self._heard_at > ASK_AFTER and not self._asked:
            self._asked = True
            self.beat(PING)

    def data_received(self, data: bytes) -> None:
        """Hear a client, within limits that are applied before the costs arise."""
        self._heard_at = _now()
        self._asked = False
        self._said += len(data)
        try:
            self._rest += data[:CHATTER]
            while (
                frame := first_frame(self._rest)
            ) is not None and not self.transport.is_closing():
                opcode, payload, self._rest = frame
                self._take(opcode, payload)
            if self._said > CHATTER:
                raise Unwelcome(POLICY_VIOLATION, "too much was said")
        except Unwelcome as unwelcome:
            self._close(unwelcome.code, unwelcome.reason)

    def pause_writing(self) -> None:
        """The kernel takes no more: the client does not read, or the network does not deliver."""
        self._blocked_at = _now()
        self._file = -1

    def resume_writing(self) -> None:
        """All was taken: what came in the meantime follows."""
        self._blocked_at = None
        self._open()
        latest, self._latest = self._latest, None
        if latest is not None:
            self.offer(latest)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        """Leave nothing behind."""
        self._gone = True
        self._file = -1
        self._latest = None
        left, self._left = self._left, None
        self._limits.connections.discard(self)
        self._limits.left(self._address, listened=True)
        if left is not None:
            left()

    def shutdown(self) -> None:
        """The server stops; uvicorn tells every connection so."""
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
                    raise Unwelcome(POLICY_VIOLATION, "nothing is to be said here")

    def _write(self, frame: bytes) -> None:
        try:
            sent = os.write(self._file, frame)
        except OSError:
            sent = 0  # full, or broken: the transport knows what to do
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


def is_dead(now: float, heard_at: float, blocked_at: float | None) -> bool:
    """Whether a client was silent, or has not read, for too long."""
    return now - heard_at > SILENT or (blocked_at is not None and now - blocked_at > BLOCKED)


def first_frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """The opcode and payload of a client's first frame, and what follows; None if it is not whole.

    Raises:
        Unwelcome: no client may send that.
    """
    if len(data) < 2:
        return None
    opcode, size, start = data[0] & 0x0F, data[1] & 0x7F, 6
    if data[0] & 0x70 or opcode not in KNOWN or not data[1] & 0x80:
        raise Unwelcome(PROTOCOL_ERROR, "that is no frame of a client")
    if opcode & 0x08 and (size > 125 or not data[0] & 0x80):
        raise Unwelcome(PROTOCOL_ERROR, "a control frame is short, and whole")
    if size == 126:
        size, start = int.from_bytes(data[2:4]), 8
    if size == 127 or size > LARGEST_MESSAGE:
        raise Unwelcome(TOO_BIG, "nothing as large as that is to be said here")
    if len(data) < start + size:
        return None
    mask, payload = data[start - 4 : start], data[start : start + size]
    clear = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return opcode, clear, data[start + size :]


def _now() -> float:
    return asyncio.get_running_loop().time()
