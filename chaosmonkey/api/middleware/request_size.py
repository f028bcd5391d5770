"""No request is larger than any of ours could be; a larger one is refused before it is read."""

from __future__ import annotations

from contextlib import suppress

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chaosmonkey.api import responses
from chaosmonkey.api.transport.http_protocol import LARGEST_HEAD
from chaosmonkey.errors import BadInput

LARGEST_BODY = 16 * 1024
"""Bytes of a request's body: the largest of ours, a vote, has 100."""


class TooLarge(BadInput):
    """The request is larger than anything that this server is asked."""

    status = 413
    title = "Too large"


class HeadTooLarge(TooLarge):
    """Its first line and its headers are."""

    status = 431


class Ambiguous(BadInput):
    """The request can be read in two ways, and a proxy may have read it in the other one."""

    status = 400
    title = "Ambiguous"


class RequestSizeLimit:
    """ASGI middleware, around everything else, that refuses what is too large."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here and hear no more of it."""
        wrong = _wrong(scope) if scope["type"] in ("http", "websocket") else None
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


def _wrong(scope: Scope) -> BadInput | None:
    head = len(scope["raw_path"]) + len(scope["query_string"])
    head += sum(len(name) + len(value) + 4 for name, value in scope["headers"])  # ": ", "\r\n"
    if head > LARGEST_HEAD:
        return HeadTooLarge(f"The headers have {head} bytes; {LARGEST_HEAD} are the most.")
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers and "content-length" in headers:
        return Ambiguous("The body has two lengths: Content-Length and Transfer-Encoding.")
    if int(headers.get("content-length", 0)) > LARGEST_BODY:
        return _too_large()
    return None


def _is_chunked(scope: Scope) -> bool:
    """Whether its body does not say how long it is: front ends with HTTP/2, and tunnels, do so."""
    return "transfer-encoding" in Headers(scope=scope)


async def _read_ahead(receive: Receive) -> Receive:
    """Read such a body, and give it out again; raises TooLarge."""
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
