"""Strip the path prefix of a proxy: `/chaos/api/state` becomes `/api/state`.

Some proxies strip it themselves, and the path is left unchanged. Our pages and redirects use
relative URLs, so they work either way.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class PathPrefix:
    """ASGI middleware that strips the prefix; it runs before all others."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on without the prefix."""
        if self._prefix and scope["type"] in ("http", "websocket"):
            path, raw = scope["path"], scope.get("raw_path") or b""
            if (stripped := without_prefix(path, self._prefix)) != path:
                raw = raw[len(self._prefix) :]
                scope = {**scope, "path": stripped, "raw_path": raw}
        await self._app(scope, receive, send)


def without_prefix(path: str, prefix: str) -> str:
    """Strip a prefix from a path; a path without it stays as it is."""
    if prefix and path.startswith(f"{prefix}/"):
        return path[len(prefix) :]
    return path
