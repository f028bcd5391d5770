"""The built pages, scripts, styles and fonts, read once and ready to send.

Each file has its answer prepared: all headers, and the body, also compressed. 2,000 phones load
them within half a minute. Compressing 60 KB for each would occupy a core of a Raspberry Pi for that
long, and reading files would cost a thread hop for each chunk.

All files are of one build, the one that was there when the server started: a page refers to assets
by their content, so a newer page with older assets would not work.
"""

from __future__ import annotations

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chaosmonkey.api.middleware.response_headers import HEADERS
from chaosmonkey.api.transport.whole_response import RESPOND, Respond, WholeResponse

IMMUTABLE = "public, max-age=31536000, immutable"
"""Cache-Control of assets; a build names its files by their content. Pages are not stored."""

ASSETS = "/assets/"

mimetypes.add_type("font/woff2", ".woff2")  # missing from some Raspberry Pis' mime.types


class PreparedResponse:
    """A response whose headers and body are the same each time; also an ASGI application."""

    __slots__ = ("_body", "_sent", "_start")

    def __init__(self, response: Response) -> None:
        added = {name.lower(): value for name, value in HEADERS.items()}
        added = {name: value for name, value in added.items() if name not in response.headers}
        headers = [*response.raw_headers, *Headers(added).raw]
        self._start = {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": headers,
        }
        self._body = {"type": "http.response.body", "body": bytes(response.body)}
        self._sent = WholeResponse(response.status_code, headers, bytes(response.body))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send the response, in one piece if possible; the server omits the body for HEAD."""
        respond: Respond | None = scope.get(RESPOND)
        if respond is not None and respond(self._sent):
            return
        await send(self._start)
        await send(self._body)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file: its response, and its compressed response if that is at least 10 % smaller."""

    plain: PreparedResponse
    packed: PreparedResponse | None = None

    def response(self, accept_encoding: str) -> PreparedResponse:
        """Return the response for a client that accepts these encodings."""
        return self.packed if self.packed is not None and "gzip" in accept_encoding else self.plain


def read_page(path: Path) -> StaticFile:
    """Read a page; browsers request it each time."""
    return StaticFile(PreparedResponse(Response(path.read_bytes(), media_type="text/html")))


def read_assets(folder: Path) -> Mapping[str, StaticFile]:
    """Read and compress all files of a folder; return them by path, such as /assets/phone.js."""
    return {ASSETS + path.name: _asset(path) for path in folder.iterdir() if path.is_file()}


def _asset(path: Path) -> StaticFile:
    plain = path.read_bytes()
    packed = gzip.compress(plain, mtime=0)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding"}
    smaller = len(packed) < 0.9 * len(plain)
    return StaticFile(
        PreparedResponse(Response(plain, headers=headers, media_type=kind)),
        PreparedResponse(
            Response(packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=kind)
        )
        if smaller
        else None,
    )
