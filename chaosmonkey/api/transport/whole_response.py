"""A response that is sent in one piece, with headers that h11 checked once.

An ASGI application sends headers and body in two messages: two system calls and two packets. For
each, h11 checks all headers again.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import h11

RESPOND = "chaosmonkey.respond"
"""ASGI scope key of a function that sends a WholeResponse."""


class WholeResponse:
    """Status, headers and body."""

    __slots__ = ("_added", "_body", "_headers", "_start", "_status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self._status = status
        self._headers = headers
        self._body = h11.Data(data=body)
        self._added: list[tuple[bytes, bytes]] | None = None
        self._start: h11.Response | None = None

    def encode(self, connection: h11.Connection, added: list[tuple[bytes, bytes]]) -> bytes:
        """Return the bytes that answer the request of a connection.

        Args:
            connection: has received a whole request other than HEAD.
            added: the server's headers; the same list until they change, once a second.
        """
        if self._start is None or self._added is not added:
            self._added = added
            self._start = h11.Response(
                status_code=self._status,
                headers=[*added, *self._headers],
                reason=HTTPStatus(self._status).phrase,
            )
        sent = [connection.send(event) for event in (self._start, self._body, END)]
        return b"".join(data for data in sent if data)


END = h11.EndOfMessage()

Respond = Callable[[WholeResponse], bool]
"""Sends a response; False if it has to be sent in the usual way."""
