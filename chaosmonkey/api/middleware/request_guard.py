"""Who may come in: no request under a foreign name, no change on behalf of a foreign page.

DNS rebinding makes a browser send requests for evil.example to this machine; their Host says so.
A page elsewhere can make a browser fetch /kill/node3; Sec-Fetch-Site and Origin may say so, but
over plain HTTP most browsers send neither with a GET, and cookies know no ports. So a browser's GET
never acts: it is answered with a page of one button. Reload, Back and restored tabs cut nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from chaosmonkey.access import AuthMethod, Caller, Role
from chaosmonkey.api import responses
from chaosmonkey.config import ServerSettings
from chaosmonkey.errors import BadInput, ChaosMonkeyError

LOCAL = r"\.(local|lan|home|home\.arpa|internal|localdomain|fritz\.box)"
"""What home networks put behind a machine's name. mDNS appends -2 to one that is taken."""

BROWSER_MARKS = (
    *("sec-fetch-site", "sec-fetch-mode", "sec-ch-ua", "upgrade-insecure-requests"),
    *("origin", "referer"),
)
"""Headers that browsers send, and programs do not."""


class UntrustedRequest(ChaosMonkeyError):
    """This request came by a way on which nothing may be changed."""

    status = 403
    title = "Forbidden"


class Unconfirmed(UntrustedRequest):
    """A browser came to the address of a command: it is shown one button that sends it."""


class ForeignHost(BadInput):
    """The request was sent for another server's name."""

    status = 421
    title = "Misdirected request"


class RequestGuard:
    """ASGI middleware that refuses requests whose Host is not a name of this server."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._public = settings.public_origin
        named = urlsplit(self._public).hostname if self._public else None
        names = ("localhost", settings.host, named or "", *settings.allowed_hosts)
        self._names = {name.lower().rstrip(".") for name in names if name}
        own = re.escape(socket.gethostname().lower().partition(".")[0])
        self._own = re.compile(rf"{own}(-\d+)?({LOCAL})?")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        if self._is_ours(host):
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

    def _is_ours(self, host: str) -> bool:
        """An address is always ours: rebinding needs a name."""
        name = _without_port(host).lower().rstrip(".")
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._names or self._own.fullmatch(name) is not None
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
        raise UntrustedRequest(
            "A browser fetched this link before anybody clicked it, and it changes something.",
            remedy="Open it yourself.",
        )
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise UntrustedRequest(
            "A page of another site asked for this.",
            remedy="Use this server's own pages, or curl.",
        )
    if request.method == "GET" and not _was_written_on_purpose(request):
        raise Unconfirmed(
            "A GET acts only for curl and the like, or with a token: a browser's may be a reload "
            "or another page's doing, and a program's a redirect.",
            remedy="Send a POST, or a token in the header Authorization.",
        )
    if not same_origin(request):
        raise UntrustedRequest(
            f"A page of {headers.get('origin', '')[:80]} asked for this.",
            remedy="Use this server's own pages, or curl.",
        )


def _was_written_on_purpose(request: Request) -> bool:
    """Whether a GET bears a token, or comes from this machine and from no browser."""
    caller: Caller = request.scope["caller"]
    if caller.role is Role.VIEWER:
        return True  # and refused for that by `who.may`
    match caller.means:
        case AuthMethod.TOKEN | AuthMethod.SOCKET:
            return True
        case AuthMethod.SESSION:
            return False
        case AuthMethod.PLACE:
            return _is_typed(request.headers)


def _is_typed(headers: Headers) -> bool:
    """Whether a person or a script typed this: curl says so, and bears no browser's mark.

    A program that follows a redirect, or fetches what it was told to, calls itself otherwise.
    """
    accept = headers.get("accept", "")
    marked = any(name in headers for name in BROWSER_MARKS)
    is_page = "text/html" in accept or "image/" in accept
    return responses.is_terminal(headers) and not marked and not is_page


def same_origin(connection: HTTPConnection) -> bool:
    """Whether the page that sent this, if one did, came from this server.

    A proxy may pass on another Host than the browser's: then `public_url` says what that is.
    """
    origin = connection.headers.get("origin")
    if origin is None or origin == connection.scope.get("public_origin"):
        return True
    return origin.partition("://")[2] == connection.headers.get("host", "")
