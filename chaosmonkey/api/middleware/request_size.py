"""Refuse requests larger than any that our clients send, before reading them."""

from __future__ import annotations

from contextlib import suppress

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chaosmonkey.api import responses
from chaosmonkey.api.transport.http_protocol import LARGEST_HEAD
from chaosmonkey.errors import BadInput

LARGEST_BODY = 16 * 1024
"""Bytes of a request's body; the largest that our pages send, a vote, has 100."""


class TooLarge(BadInput):
    """The request's body is too large."""

    status = 413
    title = "Too large"


class HeadTooLarge(TooLarge):
    """The request's line and headers are too large."""

    status = 431


class Ambiguous(BadInput):
    """The request has two lengths, and a proxy may have used the other one."""

    status = 400
    title = "Ambiguous"


class RequestSizeLimit:
    """ASGI middleware that refuses requests that are too large; it runs before all others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it and close the connection."""
        wrong = size_problem(scope) if scope["type"] in ("http", "websocket") else None
        if wrong is None and scope["type"] == "http" and _is_chunked(scope):
            try:
                receive = await _read_ahead(receive)
            except TooLarge as error:
                wrong = error
        if wrong is None:
            with suppress(ClientDisconnect):  # the client has disconnected
                await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": wrong.title})
        else:
            answer = responses.problem(Request(scope), wrong)
            answer.headers["connection"] = "close"
            await answer(scope, receive, send)


def size_problem(scope: Scope) -> BadInput | None:
    """Return why a request is refused before its body is read; None if it is not."""
    head = len(scope["raw_path"]) + len(scope["query_string"])
    length, is_chunked = None, False
    for name, value in scope["headers"]:
        head += len(name) + len(value) + 4  # ": ", "\r\n"
        if name == b"content-length":
            length = length or value
        elif name == b"transfer-encoding":
            is_chunked = True
    if head > LARGEST_HEAD:
        return HeadTooLarge(f"The headers have {head} bytes; the maximum is {LARGEST_HEAD}.")
    if is_chunked and length is not None:
        return Ambiguous("The body has two lengths: Content-Length and Transfer-Encoding.")
    if length is not None and int(length) > LARGEST_BODY:
        return _too_large()
    return None


def _is_chunked(scope: Scope) -> bool:
    """Whether the body has no Content-Length: HTTP/2 front ends and tunnels send such bodies."""
    return any(name == b"transfer-encoding" for name, _ in scope["headers"])


async def _read_ahead(receive: Receive) -> Receive:
    """Read a chunked body; return a `receive` that replays it. Raises TooLarge."""
    read: list[Message] = []
    size, more = 0, True
    while more:
        message = await receive()
        read.append(message)
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            raise _too_large()
        more = message["type"] == "http.request" and message.get("more_body", False)

    async def replay() -> Message:
        return read.pop(0) if read else await receive()

    return replay


def _too_large() -> TooLarge:
    return TooLarge(f"The body is larger than {LARGEST_BODY} bytes.")
