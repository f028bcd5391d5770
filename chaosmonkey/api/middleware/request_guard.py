"""Refuse requests for foreign host names, and changes requested by other sites.

DNS rebinding makes a browser send requests for evil.example to this machine; the Host header
reveals it. Another site's page can make a browser fetch /kill/node3. Sec-Fetch-Site and Origin may
reveal that, but over plain HTTP most browsers send neither with a GET, and cookies ignore ports.
So a browser's GET never acts: the answer is a page with one button. Reload, Back and restored tabs
cut nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from chaosmonkey.access import AuthMethod, Caller, Role
from chaosmonkey.api import responses
from chaosmonkey.config import ListenSettings
from chaosmonkey.errors import BadInput, ChaosMonkeyError

LOCAL = r"\.(local|lan|home|home\.arpa|internal|localdomain|fritz\.box)"
"""Domains of home networks. mDNS appends -2 to a host name that is taken."""

REMEMBERED = 64
"""Values of Host whose answer is remembered; a hall sends one or two."""

BROWSER_MARKS = (
    *("sec-fetch-site", "sec-fetch-mode", "sec-ch-ua", "upgrade-insecure-requests"),
    *("origin", "referer"),
)
"""Headers that browsers send and programs do not."""


MARKER = "x-chaosmonkey"
"""Header by which a program without a token says that it means this server. No redirect adds it."""


class UntrustedRequest(ChaosMonkeyError):
    """The request may not change anything because of where it came from."""

    status = 403
    title = "Forbidden"


class Unconfirmed(UntrustedRequest):
    """A command was sent by GET; a browser gets a confirmation page."""


class ForeignHost(BadInput):
    """The request's Host is another server's name."""

    status = 421
    title = "Misdirected request"


class OwnHosts:
    """The values of a Host header that name this server; the latest answers are remembered."""

    def __init__(self, settings: ListenSettings) -> None:
        public = settings.public_origin
        named = urlsplit(public).hostname if public else None
        names = ("localhost", settings.host, named or "", *settings.allowed_hosts)
        self._names = {name.lower().rstrip(".") for name in names if name}
        hostname = re.escape(socket.gethostname().lower().partition(".")[0])
        self._hostname = re.compile(rf"{hostname}(-\d+)?({LOCAL})?")
        self.include = lru_cache(REMEMBERED)(self._include)

    def _include(self, host: str) -> bool:
        """Whether a Host names this server; an address always does: rebinding needs a name."""
        name = without_port(host).lower().rstrip(".")
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._names or self._hostname.fullmatch(name) is not None
        return True


class RequestGuard:
    """ASGI middleware that refuses requests whose Host is not a name of this server."""

    def __init__(self, app: ASGIApp, settings: ListenSettings) -> None:
        self._app = app
        self._public = settings.public_origin
        self._own_hosts = OwnHosts(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        if self._own_hosts.include(host):
            scope["public_origin"] = self._public
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "foreign host"})
        else:
            error = ForeignHost(
                f"This server is not called '{host[:80]}'.",
                remedy="Use its address, or add the name to [server] allowed_hosts.",
            )
            await responses.problem(Request(scope), error)(scope, receive, send)


def without_port(host: str) -> str:
    """Return the name or address in a Host header."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


async def may_change(request: Request) -> None:
    """Dependency of every route that changes something; raises UntrustedRequest."""
    headers = request.headers
    purpose = f"{headers.get('purpose', '')} {headers.get('sec-purpose', '')}".lower()
    if "prefetch" in purpose or "preview" in purpose:
        raise UntrustedRequest(
            "The browser prefetched this link, and commands are not prefetched.",
            remedy="Open the link yourself.",
        )
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise UntrustedRequest(
            "A page of another site sent this request.",
            remedy="Use this server's own pages, or curl.",
        )
    if request.method == "GET" and not _was_written_on_purpose(request):
        raise Unconfirmed(
            "A GET acts only from a terminal client such as curl, or with a token. Others may be "
            "a reload, a redirect or another page's request.",
            remedy="Send a POST, or a token in the Authorization header.",
        )
    if not same_origin(request):
        raise UntrustedRequest(
            f"A page of {headers.get('origin', '')[:80]} sent this request.",
            remedy="Use this server's own pages, or curl.",
        )


def _was_written_on_purpose(request: Request) -> bool:
    """Whether a GET has a token, or comes from a terminal client on this machine."""
    caller: Caller = request.scope["caller"]
    if caller.role is Role.VIEWER:
        return True  # `authentication.requires` refuses it
    match caller.means:
        case AuthMethod.TOKEN | AuthMethod.SOCKET:
            return True
        case AuthMethod.SESSION:
            return False
        case AuthMethod.PLACE:
            return _is_typed(request.headers)


def _is_typed(headers: Headers) -> bool:
    """Whether a terminal client sent this: curl or the like, without a browser's headers.

    Programs that follow redirects or fetch links have other user agents.
    """
    accept = headers.get("accept", "")
    marked = any(name in headers for name in BROWSER_MARKS)
    is_page = "text/html" in accept or "image/" in accept
    return responses.is_terminal(headers) and not marked and not is_page


def is_deliberate(headers: Headers) -> bool:
    """Whether a request was written for this server, by its headers.

    A program that follows a redirect, or sends what a stranger tells it to, has none of them. May a
    page of a browser send this? `may_change` decides.
    """
    return (
        MARKER in headers
        or responses.is_terminal(headers)
        or any(name in headers for name in BROWSER_MARKS)
    )


def same_origin(connection: HTTPConnection) -> bool:
    """Whether the request has no Origin or this server's.

    A proxy may replace the browser's Host; then `public_url` has the origin.
    """
    origin = connection.headers.get("origin")
    if origin is None or origin == connection.scope.get("public_origin"):
        return True
    return origin.partition("://")[2] == connection.headers.get("host", "")
