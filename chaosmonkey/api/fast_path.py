"""Answer what a hall full of phones requests at once, before the application.

    stage, phone page, assets, /j/CODE ─┬─ nothing unusual ─► the prepared answer
    handshake of /ws/play ──────────────┤                 └─► a PhoneSession
    everything else ────────────────────┴─ or unusual ──────► the application

The application takes a request through eleven layers and its routes, which costs more than all else
about it. These requests need none of that: everyone may send them, none changes anything, and the
answer is the same for all. "Nothing unusual" means that no layer would refuse it: the method is GET
or HEAD, the Host is ours, there is no token to check, and a handshake has no foreign Origin.
Whatever is unusual goes to the application, so that refusals and the audit log have one home.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import FastAPI
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from chaosmonkey.api.middleware.concurrency import USER, RequestScheduler
from chaosmonkey.api.middleware.prefix import without_prefix
from chaosmonkey.api.middleware.request_guard import OwnHosts, same_origin
from chaosmonkey.api.middleware.request_size import RequestSizeLimit, size_problem
from chaosmonkey.api.phone_backend import PhoneBackend
from chaosmonkey.api.routes import join, login, phone_websocket
from chaosmonkey.api.static_files import PreparedResponse, StaticFile
from chaosmonkey.api.transport.phone_connection import PhoneConnection
from chaosmonkey.api.transport.websocket_protocol import protocol_of
from chaosmonkey.config import ListenSettings

SHORT = "/j/"


def server_entrance(app: FastAPI) -> Entrance:
    """Build the entrance of an application of `create_app`."""
    files = {path: file for path, file in app.state.static_files.items() if path != login.CONSOLE}
    settings = app.state.context.lab.server
    return Entrance(FastPath(app, settings, files=files, backend=app.state.phone_backend))


class Entrance:
    """What servers call: limits, then the fast path, then the application."""

    def __init__(self, fast_path: FastPath) -> None:
        self._fast_path = fast_path
        self._scheduler = RequestScheduler(fast_path)
        self._limited = RequestSizeLimit(self._scheduler)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; an ASGI application."""
        await self._limited(scope, receive, send)

    # --- phones' websockets, straight from the transport ----------------------------------------

    def admits(self, scope: Scope) -> bool:
        """Whether a handshake is a phone's and nothing about it is unusual."""
        return size_problem(scope) is None and self._fast_path.handshake(scope) is not None

    def call(self, scope: Scope, start: Callable[[], bool]) -> None:
        """Call `start` when it is the turn of this handshake."""
        self._scheduler.call(scope, start)

    def begin_session(self, scope: Scope, phone: PhoneConnection) -> None:
        """Begin the session of an accepted phone."""
        self._fast_path.begin_session(HTTPConnection(scope), phone)


class FastPath:
    """ASGI middleware around an application.

    Args:
        app: the application.
        settings: the names of this server.
        files: pages and assets for everyone, by path.
        backend: carries out what phones request.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: ListenSettings,
        *,
        files: Mapping[str, StaticFile],
        backend: PhoneBackend,
    ) -> None:
        self._app = app
        self._backend = backend
        self._prefix = settings.prefix
        self._public_origin = settings.public_origin
        self._own_hosts = OwnHosts(settings)
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        kind = scope["type"]
        if kind == "http" and (response := self._response(scope)) is not None:
            await response(scope, receive, send)
        elif (
            kind == "websocket"
            and USER not in scope
            and (handshake := self.handshake(scope)) is not None
        ):
            await send({"type": "websocket.accept"})
            self.begin_session(handshake, protocol_of(handshake).switch_to_phone())
        else:
            await self._app(scope, receive, send)

    def _response(self, scope: Scope) -> PreparedResponse | None:
        """Return the answer to a request that this handles."""
        if scope["method"] not in ("GET", "HEAD"):
            return None
        path = without_prefix(scope["path"], self._prefix)
        file = self._files.get(path)
        if (file is None and not path.startswith(SHORT)) or not self._is_usual(scope):
            return None
        if file is None:
            return _redirect(path.removeprefix(SHORT))
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                return file.response(value.decode("latin-1"))
        return file.plain

    def handshake(self, scope: Scope) -> HTTPConnection | None:
        """Return the handshake of a phone if it can be accepted as it is."""
        if without_prefix(scope["path"], self._prefix) != phone_websocket.PATH:
            return None
        if not self._is_usual(scope) or not self._backend.ready:
            return None
        handshake = HTTPConnection(scope)
        scope["public_origin"] = self._public_origin
        return handshake if same_origin(handshake) else None

    def begin_session(self, handshake: HTTPConnection, phone: PhoneConnection) -> None:
        """Begin the session of an accepted phone."""
        phone_websocket.begin_session(self._backend, handshake, phone)

    def _is_usual(self, scope: Scope) -> bool:
        """Whether the Host is ours and there is no token."""
        host = ""
        for name, value in scope["headers"]:
            if name == b"authorization":
                return False
            if name == b"host":
                host = value.decode("latin-1")
        return self._own_hosts.include(host)


def _redirect(code: str) -> PreparedResponse | None:
    """Return the redirect of a short address, if its code can be one."""
    if not code or "/" in code or len(code) > join.LONGEST_CODE:
        return None
    return PreparedResponse(join.redirect_with_code(code))
