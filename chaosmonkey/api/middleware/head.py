"""HEAD is answered as GET without its body, for whatever only shows something.

Load balancers, proxies and link previews ask so. A command is not carried out by HEAD: its route
(`commands.Command`) answers 405.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

ASKED_BY_HEAD = "chaosmonkey.asked_by_head"
"""The key of a scope whose request was a HEAD."""


class HeadRequests:
    """ASGI middleware; uvicorn leaves out the body, because it knows what was asked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the app for the same by GET."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET", ASKED_BY_HEAD: True}
        await self._app(scope, receive, send)
