"""No request is larger than any of ours could be; a larger one is refused before it is read."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from chaosmonkey.api import answers
from chaosmonkey.api.connections import LARGEST_HEAD
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


class NoLength(BadInput):
    """A body has to say how long it is, before it is read."""

    status = 411
    title = "No length"


class Limits:
    """ASGI middleware, around everything else, that refuses what is too large."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here and hear no more of it."""
        wrong = _wrong(scope) if scope["type"] in ("http", "websocket") else None
        if wrong is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": wrong.title})
        else:
            answer = answers.problem(Request(scope), wrong)
            answer.headers["connection"] = "close"
            await answer(scope, receive, send)


def _wrong(scope: Scope) -> BadInput | None:
    head = len(scope["raw_path"]) + len(scope["query_string"])
    head += sum(len(name) + len(value) + 4 for name, value in scope["headers"])  # ": ", "\r\n"
    if head > LARGEST_HEAD:
        return HeadTooLarge(f"The headers have {head} bytes; {LARGEST_HEAD} are the most.")
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers:
        return NoLength("The body does not say how long it is.", remedy="Send Content-Length.")
    if int(headers.get("content-length", 0)) > LARGEST_BODY:
        return TooLarge(f"The body is larger than {LARGEST_BODY} bytes.")
    return None
