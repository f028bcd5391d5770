"""Identify the caller of a request by token, session, control socket or address.

    Authorization: Bearer … ─► that token's scopes        wrong: 401, and soon 429
    the control socket      ─► the presenter
    cookie of a session     ─► the presenter
    loopback, and bound to loopback only ─► the presenter
    any other caller        ─► a viewer

Every request and websocket has its caller in `scope["caller"]`; routes state what they require.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from chaosmonkey.access import (
    AuthMethod,
    Caller,
    Rate,
    Rates,
    Role,
    Session,
    Sessions,
    Tokens,
    Verb,
)
from chaosmonkey.access.sessions import COOKIE
from chaosmonkey.api import responses
from chaosmonkey.api.cookies import cookie_name
from chaosmonkey.api.middleware.concurrency import USER
from chaosmonkey.api.middleware.request_guard import UntrustedRequest, is_deliberate
from chaosmonkey.api.transport import connection_limits
from chaosmonkey.errors import ChaosMonkeyError

FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""Headers of a proxy: a request with one of them does not count as local."""

HARMLESS = (Verb.READ, Verb.HALT, Verb.RESTORE)
"""What any program on this machine may do, even one that was redirected here."""


class Unauthenticated(ChaosMonkeyError):
    """The caller is unknown, and the request is not open to everyone."""

    status = 401
    exit_code = 3
    title = "Unauthorized"
    rule = "unauthorized"


class PermissionDenied(ChaosMonkeyError):
    """The caller is known and lacks the permission."""

    status = 403
    exit_code = 3
    title = "Forbidden"
    rule = "scope"


class Authenticator:
    """Identifies callers.

    Args:
        open_here: whether callers from this machine are the presenter; true only if the server
            listens on loopback alone.
        presenter_token: the presenter's token from the configuration, if it has one.
    """

    def __init__(
        self,
        tokens: Tokens,
        sessions: Sessions,
        rates: Rates,
        *,
        open_here: bool,
        presenter_token: str | None = None,
    ) -> None:
        self.sessions = sessions
        self.rates = rates
        self._tokens = tokens
        self._open_here = open_here
        self._config_token = ConfiguredToken(presenter_token) if presenter_token else None

    async def recognise(self, connection: HTTPConnection) -> Caller:
        """Return the caller of a request or a websocket; raises like `exchange`."""
        address = address_of(connection)
        kind, _, secret = connection.headers.get("authorization", "").partition(" ")
        if kind:
            return await self.exchange(secret.strip() if kind.lower() == "bearer" else "", address)
        if (user := connection.scope.get(USER)) is not None:
            return Caller(Role.PRESENTER, f"{user} at this machine", "", means=AuthMethod.SOCKET)
        session = self.session(connection)
        if session is not None and self._is_valid(session.token):
            return Caller(
                Role.PRESENTER,
                f"presenter at {address}",
                address,
                token=session.token,
                means=AuthMethod.SESSION,
            )
        if self._open_here and _is_loopback(address) and not _is_passed_on(connection.headers):
            return Caller(Role.PRESENTER, address, address)
        return Caller(Role.VIEWER, address, address)

    def session(self, connection: HTTPConnection) -> Session | None:
        """Return the session of a browser's cookie, if it is valid."""
        return self.sessions.recognise(connection.cookies.get(cookie_name(COOKIE, connection)))

    async def exchange(self, secret: str, address: str) -> Caller:
        """Return the caller that a secret identifies.

        Only wrong secrets are counted: a guest who guesses from the same network must not lock out
        the presenter. The length of a secret protects it from guessing.

        Raises:
            Unauthenticated: the token is unknown.
            TooMany: this address has sent too many unknown tokens.
        """
        token = self._tokens.find(secret)
        if token is not None:
            return Caller(token.role, token.name, address, token.scopes, token.id, AuthMethod.TOKEN)
        if self._config_token is not None and self._config_token.is_same(secret):
            return Caller(
                Role.PRESENTER,
                "presenter",
                address,
                token=self._config_token.id,
                means=AuthMethod.TOKEN,
            )
        self.rates.count(Rate.GUESS, neighbourhood(address))
        raise Unauthenticated(
            "The token is unknown.",
            remedy="Was it revoked? `chaosmonkey token list` shows the names of all.",
        )

    def _is_valid(self, token: str) -> bool:
        return self._tokens.has(token) or (
            self._config_token is not None and token == self._config_token.id
        )


class ConfiguredToken:
    """A token from the configuration; only its digest is kept."""

    def __init__(self, secret: str) -> None:
        self._digest = hashlib.sha256(secret.encode()).digest()
        self.id = f"given-{self._digest.hex()[:16]}"

    def is_same(self, secret: str) -> bool:
        """Whether a secret is this one, in constant time."""
        return hmac.compare_digest(self._digest, hashlib.sha256(secret.encode()).digest())


class Authentication:
    """ASGI middleware that sets the caller, and refuses requests with an unknown token."""

    def __init__(
        self,
        app: ASGIApp,
        authenticator: Authenticator,
        refused: Callable[[HTTPConnection, ChaosMonkeyError], None],
    ) -> None:
        self._app = app
        self._authenticator = authenticator
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its caller, or refuse it."""
        if scope["type"] in ("http", "websocket"):
            connection = HTTPConnection(scope)
            try:
                scope["caller"] = await self._authenticator.recognise(connection)
            except ChaosMonkeyError as error:
                self._refused(connection, error)
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close", "code": 1008, "reason": error.title})
                else:
                    await responses.problem(Request(scope), error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


# --- dependencies of routes ---------------------------------------------------------------------


def caller_of(connection: HTTPConnection) -> Caller:
    """Return the caller of a request or a websocket."""
    caller: Caller = connection.scope["caller"]
    return caller


def requires(verb: Verb) -> Callable[[Request], Awaitable[Caller]]:
    """Build a dependency that returns the caller if it has the permission.

    If the path names a machine, the permission must cover it.

    Raises:
        Unauthenticated: the caller is unknown.
        PermissionDenied: the caller is known and lacks the permission.
        UntrustedRequest: only its address speaks for the caller.
        TooMany: the caller sends too many commands.
    """

    async def check(request: Request) -> Caller:
        caller = caller_of(request)
        machine = request.path_params.get("machine")
        if not caller.may(verb, machine):
            raise _refusal(caller, verb, machine)
        at_risk = caller.means is AuthMethod.PLACE and verb not in HARMLESS
        if at_risk and not is_deliberate(request.headers):
            raise UntrustedRequest(
                "A program on this machine sent this command without a token. It may have been "
                "redirected here.",
                remedy="Send a token, or the header X-Chaosmonkey: 1. curl needs neither.",
            )
        if verb not in (Verb.HALT, Verb.RESTORE):
            authenticator: Authenticator = request.app.state.context.authenticator
            authenticator.rates.count(Rate.COMMAND, caller.token or neighbourhood(caller.address))
        return caller

    return check


def _refusal(caller: Caller, verb: Verb, machine: str | None) -> ChaosMonkeyError:
    wanted = verb if machine is None else f"{verb}:{machine[:80]}"
    if caller.role is Role.SCRIPT:
        allowed = ", ".join(map(str, caller.scopes)) or "nothing"
        return PermissionDenied(
            f"The token '{caller.name}' does not allow {wanted}; it allows {allowed}.",
            remedy="Create another: chaosmonkey token new NAME --scope " + wanted,
        )
    return Unauthenticated(
        f"This request may not {verb}.",
        remedy="Scripts send a token: curl -H 'Authorization: Bearer …' "
        "(chaosmonkey token new NAME). The presenter signs in at /login.",
    )


def address_of(connection: HTTPConnection) -> str:
    """Return the address of a request's client."""
    return connection.client.host if connection.client is not None else "unknown"


def neighbourhood(address: str) -> str:
    """Return the key under which an address is rate limited; see `connection_limits.address_of`."""
    return connection_limits.address_of((address, 0))


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return found.is_loopback or (mapped is not None and mapped.is_loopback)


def _is_passed_on(headers: Headers) -> bool:
    return any(name in headers for name in FORWARDED)
