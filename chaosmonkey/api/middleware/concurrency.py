"""Start a few requests per event loop iteration, round-robin by address, and HALT first.

    2,000 votes, 100 visitors ─► [ waiting, by address ] ─► 8 in each iteration of the event loop,
                                                            1 while machines get their power back
    HALT, restore ────────────► [ waiting, by address ] ─► 2 more
    users of this machine ───────────────────────────────► at once

HALT takes some ten iterations, so they have to be short. Votes come by the thousand and take
several iterations each, so only eight of them are in progress at a time: from the last byte of the
request to the first byte of the answer, so that a slow phone does not hold a place.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chaosmonkey.api.fair_queue import FairQueue
from chaosmonkey.api.transport.connection_limits import address_of

USER = "chaosmonkey.user"
"""ASGI scope key for the user of this machine that connected through the control socket."""

EACH_ROUND = 8
"""Requests started per iteration: 0.7 ms of work each on a laptop, 3 ms on a Raspberry Pi."""

EACH_ROUND_WHILE_URGENT = 1
"""Requests started per iteration while an urgent request is in progress."""

URGENT_EACH_ROUND = 2
"""Urgent requests started per iteration; limited because unknown callers may send them too."""

PHONES = "/api/play/"
PRESS = "/api/play/press"
"""Takes no place: it waits for a plug, idle, for about a second."""

PLACES = 8
"""Requests of phones in progress at a time."""

URGENT = re.compile(r"/(halt|restore(/[^/]*)?)$")
"""Paths of requests that restore power, below any prefix."""


class RequestScheduler:
    """ASGI middleware that schedules requests; `RequestSizeLimit` must run before it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._urgent = FairQueue(lambda: URGENT_EACH_ROUND)
        self._others = FairQueue(lambda: EACH_ROUND_WHILE_URGENT if self._under_way else EACH_ROUND)
        self._under_way = 0
        self._places = asyncio.Semaphore(PLACES)

    def call(self, scope: Scope, start: Callable[[], bool]) -> None:
        """Call `start` when a request that takes no coroutine may start; see `FairQueue.call`."""
        self._others.call(address_of(scope.get("client")), start)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start a request, or the handshake of a websocket, when it is its turn."""
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
        """Run a request, holding one of the places until the first byte of its answer."""
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
    """Read a request's body completely; return a `receive` that replays it."""
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())
    messages.reverse()

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
