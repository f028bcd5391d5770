"""Names of cookies: a browser keeps one jar for all ports of a host, which may have two servers."""

from __future__ import annotations

from starlette.requests import HTTPConnection


def cookie_name(base: str, connection: HTTPConnection) -> str:
    """A cookie's name on this server: with the port on which the request came in."""
    server = connection.scope.get("server")
    return f"{base}-{server[1]}" if server else base
