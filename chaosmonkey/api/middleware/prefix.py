"""The path under which a proxy shows this server, taken off: `/chaos/api/state` is `/api/state`.

Some proxies take it off themselves; then there is nothing to do. Our own pages and redirects are
relative, so that they stay below it either way.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class PathPrefix:
    """ASGI middleware, before all others."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through under its own path."""
        if self._prefix and scope["type"] in ("http", "websocket"):
            path, raw = scope["path"], scope.get("raw_path") or b""
            if path.startswith(f"{self._prefix}/"):
                cut = len(self._prefix)
                scope = {**scope, "path": path[cut:], "raw_path": raw[cut:]}
        await self._app(scope, receive, send)
