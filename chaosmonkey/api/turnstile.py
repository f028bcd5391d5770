"""Requests begin a few at a time, one address after the other, and HALT before all of them.

    2,000 votes, 100 curious ─► [ waiting, by address ] ─► 8 in each round of the event loop,
                                                           1 while machines get their power back
    HALT, restore ───────────► [ waiting, by address ] ─► 2 more
    users of this machine ──────────────────────────────► at once

Nobody keeps a place here: what waits for a plug, a disk or a client that does not read costs
nothing meanwhile. HALT takes some ten rounds, so it is they that have to be short.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from chaosmonkey.api.crowd import address_of
from chaosmonkey.api.fair_queue import FairQueue

USER = "chaosmonkey.user"
"""Where an ASGI scope says which user of this machine came by the control socket."""

EACH_ROUND = 8
"""Requests that begin in one round: 0.7 ms of work each on a laptop, 3 ms on a Raspberry Pi."""

MEANWHILE = 1
"""The same while something urgent is under way."""

URGENT_EACH_ROUND = 2
"""Urgent requests that begin in one round: strangers may send them as well, and are refused."""

URGENT = re.compile(r"/(halt|restore(/[^/]*)?)$")
"""Paths of what gives machines their power back, below any prefix."""


class Turnstile:
    """ASGI middleware; bodies must be limited before it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._urgent = FairQueue(lambda: URGENT_EACH_ROUND)
        self._others = FairQueue(lambda: MEANWHILE if self._under_way else EACH_ROUND)
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request, or the handshake of a websocket, begin when it is its turn."""
        is_urgent = URGENT.search(scope.get("path", "")) is not None
        if USER not in scope:
            queue = self._urgent if is_urgent else self._others
            await queue.turn(address_of(scope.get("client")))
        if not is_urgent:
            await self._app(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1
