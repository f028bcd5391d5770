"""Who may come in: no request under a foreign name, no change on behalf of a foreign page.

DNS rebinding makes a browser send requests for evil.example to this machine; their Host says so.
A page elsewhere can make a browser fetch /kill/node3; Sec-Fetch-Site and Origin say so. A browser
that prefetches a link says so in Sec-Purpose.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from chaosmonkey.api import answers
from chaosmonkey.errors import BadInput, ChaosMonkeyError


class Forbidden(ChaosMonkeyError):
    """This request came by a way on which nothing may be changed."""

    status = 403
    title = "Forbidden"


class ForeignHost(BadInput):
    """The request was sent for another server's name."""

    status = 421
    title = "Misdirected request"


class Doorkeeper:
    """ASGI middleware that refuses requests whose Host is not a name of this server."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        own = socket.gethostname().lower()
        self._names = {"localhost", own, f"{own}.local", *(name.lower() for name in allowed)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        if self._is_ours(host):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "foreign host"})
        else:
            error = ForeignHost(
                f"This server is not called '{host[:80]}'.",
                remedy="Use its address, or add the name to [server] allowed_hosts.",
            )
            await answers.problem(Request(scope), error)(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        """An address is always ours: rebinding needs a name."""
        name = _without_port(host).lower()
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return True


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


async def may_change(request: Request) -> None:
    """Dependency of every route that changes something; raises Forbidden."""
    headers = request.headers
    purpose = f"{headers.get('purpose', '')} {headers.get('sec-purpose', '')}".lower()
    if "prefetch" in purpose or "preview" in purpose:
        raise Forbidden(
            "A browser fetched this link before anybody clicked it, and it changes something.",
            remedy="Open it yourself.",
        )
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise Forbidden(
            "A page of another site asked for this.",
            remedy="Use this server's own pages, or curl.",
        )
    if request.method == "GET" and _is_a_page(headers):
        raise Forbidden(
            "A browser asked for this and does not say whether you clicked or another page did.",
            remedy="Use this server's own pages, or curl.",
        )
    if not same_origin(headers):
        raise Forbidden(
            f"A page of {headers.get('origin', '')[:80]} asked for this.",
            remedy="Use this server's own pages, or curl.",
        )


def _is_a_page(headers: Headers) -> bool:
    """Whether a browser wants to show this, an old one that does not tell where it comes from.

    A link or an image of another site makes it ask, with `Accept: text/html` or `image/…`.
    """
    accept = headers.get("accept", "")
    return "sec-fetch-site" not in headers and ("text/html" in accept or "image/" in accept)


def same_origin(headers: Headers) -> bool:
    """Whether the page that sent this, if one did, came from this server."""
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host", "")
