"""Requests begin a few at a time, one address after the other, and HALT before all of them.

    2,000 votes, 100 curious ─► [ waiting, by address ] ─► 8 in each round of the event loop,
                                                           1 while machines get their power back
    HALT, restore ───────────► [ waiting, by address ] ─► 2 more
    users of this machine ──────────────────────────────► at once

HALT takes some ten rounds, so the rounds have to be short. Votes come by the thousand and take
several rounds each, so only eight of them are in progress at a time: from the last byte of the
request to the first byte of the answer, so that a slow phone holds no place.
"""

from __future__ import annotations

import asyncio
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chaosmonkey.api.fair_queue import FairQueue
from chaosmonkey.api.transport.connection_limits import address_of

USER = "chaosmonkey.user"
"""Where an ASGI scope says which user of this machine came by the control socket."""

EACH_ROUND = 8
"""Requests that begin in one round: 0.7 ms of work each on a laptop, 3 ms on a Raspberry Pi."""

MEANWHILE = 1
"""The same while something urgent is under way."""

URGENT_EACH_ROUND = 2
"""Urgent requests that begin in one round: strangers may send them as well, and are refused."""

PHONES = "/api/play/"
PRESS = "/api/play/press"
"""Waits for a plug and costs nothing meanwhile: it would hold its place for a second."""

PLACES = 8
"""Requests of phones in progress at a time."""

URGENT = re.compile(r"/(halt|restore(/[^/]*)?)$")
"""Paths of what gives machines their power back, below any prefix."""


class RequestScheduler:
    """ASGI middleware; bodies must be limited before it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._urgent = FairQueue(lambda: URGENT_EACH_ROUND)
        self._others = FairQueue(lambda: MEANWHILE if self._under_way else EACH_ROUND)
        self._under_way = 0
        self._places = asyncio.Semaphore(PLACES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request, or the handshake of a websocket, begin when it is its turn."""
        path: str = scope.get("path", "")
        is_phone = scope["type"] == "http" and path.startswith(PHONES) and path != PRESS
        if is_phone:
            receive = await _whole_request(receive)
        is_urgent = URGENT.search(path) is not None
        if USER not in scope:
            queue = self._urgent if is_urgent else self._others
            await queue.turn(address_of(scope.get("client")))
        if is_phone:
            await self._in_a_place(scope, receive, send)
            return
        if not is_urgent:
            await self._app(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1

    async def _in_a_place(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a request while holding one of the places, up to the first byte of its answer."""
        await self._places.acquire()
        held = True

        def release() -> None:
            nonlocal held
            if held:
                held = False
                self._places.release()

        async def release_and_send(message: Message) -> None:
            release()
            await send(message)

        try:
            await self._app(scope, receive, release_and_send)
        finally:
            release()


async def _whole_request(receive: Receive) -> Receive:
    """Read a request's body to its end; what returns gives it out again."""
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())
    messages.reverse()

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
