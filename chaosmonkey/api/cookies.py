"""Cookie names with the port: a browser shares cookies between all servers of a host."""

from __future__ import annotations

from starlette.requests import HTTPConnection


def cookie_name(base: str, connection: HTTPConnection) -> str:
    """Return a cookie's name on this server: with the port that received the request."""
    server = connection.scope.get("server")
    return f"{base}-{server[1]}" if server else base
