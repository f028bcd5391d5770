"""Answer HEAD like GET without a body, except for commands.

Load balancers, proxies and link previews send HEAD. A command is not carried out by HEAD: its
route (`audited.Command`) answers 405.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

WAS_HEAD = "chaosmonkey.was_head"
"""ASGI scope key that marks a HEAD request."""


class HeadRequests:
    """ASGI middleware; uvicorn omits the body of the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HEAD to the app as GET."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET", WAS_HEAD: True}
        await self._app(scope, receive, send)
