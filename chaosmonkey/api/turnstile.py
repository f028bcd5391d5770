"""Requests begin a few at a time, one address after the other, and HALT before all of them.

    2,000 votes, 100 curious ─► [ waiting, by address ] ─► 8 in each round of the event loop
    HALT, restore ───────────► [ waiting, by address ] ─► 8 more

Nobody keeps a place here: what waits for a plug, a disk or a client that does not read costs
nothing meanwhile.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from chaosmonkey.api.crowd import address_of
from chaosmonkey.api.lane import Lane

EACH_ROUND = 8
"""Requests that begin in one round: 0.7 ms of work each on a laptop, 3 ms on a Raspberry Pi."""

URGENT = re.compile(r"/(halt|restore(/[^/]*)?)$")
"""Paths of what gives machines their power back, below any prefix."""


class Turnstile:
    """ASGI middleware; bodies must be limited before it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._urgent = Lane(EACH_ROUND)
        self._others = Lane(EACH_ROUND)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request, or the handshake of a websocket, begin when it is its turn."""
        lane = self._urgent if URGENT.search(scope.get("path", "")) else self._others
        await lane.turn(address_of(scope.get("client")))
        await self._app(scope, receive, send)
