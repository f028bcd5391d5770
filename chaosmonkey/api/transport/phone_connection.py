"""A phone's websocket after the handshake: minimal, because there may be thousands of them.

    offer(frame)         sends the bytes, or keeps the latest until the phone reads
    send(frame)          sends the bytes in any case: an answer
    beat(frame)          sends the bytes, or drops them
    enforce_limits(now)  once a second; aborts silent and blocked connections

A server's frames are not masked, so all phones get the same bytes. What a phone sends is parsed by
websockets' sans-I/O protocol, which has no task, no timer and no queue; uvicorn's connection around
it takes several times the memory.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from websockets.frames import Frame, Opcode
from websockets.protocol import State

from chaosmonkey.api.transport.client_limits import (
    BYTES_PER_SECOND,
    GOING_AWAY,
    PING,
    PING_AFTER,
    POLICY_VIOLATION,
    UNSUPPORTED_DATA,
    is_dead,
)
from chaosmonkey.api.transport.connection_limits import ConnectionLimits

if TYPE_CHECKING:
    from websockets.server import ServerProtocol


class PhoneConnection(asyncio.Protocol):
    """Takes over the transport of a websocket after its handshake.

    Frames are written to the file descriptor, which is safe while the transport buffers nothing;
    the system call is nearly all that a phone costs.

    Args:
        transport: the connection; it must call `pause_writing` before it buffers anything.
        protocol: the open websocket; its `max_size` limits a message.
        connection_limits: counts the connection, under `address`.
    """

    __slots__ = (
        "_address",
        "_blocked_at",
        "_bytes_received",
        "_ended",
        "_file",
        "_latest",
        "_limits",
        "_message",
        "_on_close",
        "_on_message",
        "_pinged",
        "_protocol",
        "_received_at",
        "transport",
    )  # fmt: skip

    def __init__(
        self,
        transport: asyncio.Transport,
        protocol: ServerProtocol,
        connection_limits: ConnectionLimits,
        address: str,
    ) -> None:
        self.transport = transport
        self._protocol = protocol
        self._limits = connection_limits
        self._address = address
        self._message = b""
        self._on_message: Callable[[bytes], None] | None = None
        self._received_at = _now()
        self._pinged = False
        self._blocked_at: float | None = None
        self._bytes_received = 0
        self._latest: bytes | None = None
        self._on_close: Callable[[], None] | None = None
        self._ended = False
        self._file = -1
        self._open()

    @property
    def has_ended(self) -> bool:
        """Whether the connection is lost."""
        return self._ended

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

    def send(self, frame: bytes) -> None:
        """Send a frame that must not be lost; while the connection is blocked, it is buffered."""
        if self._file >= 0:
            self._write(frame)
        elif not self._ended and self._protocol.state is State.OPEN:
            self.transport.write(frame)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run a task that the server waits for when it stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._limits.tasks.add(task)
        task.add_done_callback(self._limits.tasks.discard)

    def on_message(self, callback: Callable[[bytes], None]) -> None:
        """Call `callback` with every text message of the client."""
        self._on_message = callback

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
        self._protocol.receive_data(data[:BYTES_PER_SECOND])
        for frame in self._protocol.events_received():
            if isinstance(frame, Frame) and self._protocol.state is State.OPEN:
                self._take(frame)
        if self._bytes_received > BYTES_PER_SECOND:
            self._fail(POLICY_VIOLATION, "too much data")
        self._answer()

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

    def dismiss(self, reason: str) -> None:
        """Close the connection because of what the client does."""
        self._fail(POLICY_VIOLATION, reason)
        self._answer()

    def shutdown(self) -> None:
        """Close the connection because the server stops; uvicorn calls this."""
        self._fail(GOING_AWAY, "the server stops")
        self._answer()

    def _take(self, frame: Frame) -> None:
        match frame.opcode:
            case Opcode.TEXT | Opcode.CONT:
                self._message += frame.data
                if frame.fin:
                    message, self._message = self._message, b""
                    if self._on_message is not None:
                        self._on_message(message)
            case Opcode.BINARY:
                self._fail(UNSUPPORTED_DATA, "not text")
            case _:
                pass  # the protocol has answered a ping or a close

    def _fail(self, code: int, reason: str) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.fail(code, reason)

    def _answer(self) -> None:
        """Send what the protocol wants to send: pongs, and the end of the connection."""
        if self._protocol.state is not State.OPEN:
            self._file = -1
        for data in self._protocol.data_to_send():
            if self.transport.is_closing():
                return
            if not data:
                self.transport.close()
            elif self._file >= 0:
                self._write(data)
            else:
                self.transport.write(data)

    def _write(self, frame: bytes) -> None:
        try:
            sent = os.write(self._file, frame)
        except OSError:
            sent = 0  # full or broken: the transport handles it
        if sent < len(frame):
            self.transport.write(frame[sent:])

    def _open(self) -> None:
        if not self.transport.is_closing() and self._protocol.state is State.OPEN:
            self._file = self.transport.get_extra_info("socket").fileno()


def _now() -> float:
    return asyncio.get_running_loop().time()
