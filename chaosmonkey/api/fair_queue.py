"""A queue that starts a few waiters per event loop iteration, round-robin by address."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import partial


class FairQueue:
    """Limits how many waiters start in each iteration of the event loop.

    One iteration runs every callback that is ready, so its duration is the latency of all others.
    """

    def __init__(self, each_round: Callable[[], int]) -> None:
        self._each_round = each_round
        self._waiting: OrderedDict[str, deque[Callable[[], bool]]] = OrderedDict()
        self._begun = 0
        self._counting = False

    async def turn(self, address: str) -> None:
        """Wait until a request from this address may start."""
        if self._has_room():
            self._begin()
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, deque()).append(partial(_resolve, turn))
        await turn

    def call(self, address: str, start: Callable[[], bool]) -> None:
        """Call `start` when a request from this address may start, at once if it may now.

        It returns whether it has started one; its client may have disconnected meanwhile.
        """
        if self._has_room():
            if start():
                self._begin()
        else:
            self._waiting.setdefault(address, deque()).append(start)

    def _has_room(self) -> bool:
        return self._begun < self._each_round() and not self._waiting

    def _begin(self) -> None:
        self._begun += 1
        if not self._counting:
            self._counting = True
            asyncio.get_running_loop().call_soon(self._next_round)

    def _next_round(self) -> None:
        self._begun, self._counting = 0, False
        most = self._each_round()
        while self._waiting and self._begun < most:
            address, turns = self._waiting.popitem(last=False)
            start = turns.popleft()
            if turns:
                self._waiting[address] = turns  # behind all others
            if start():
                self._begin()


def _resolve(turn: asyncio.Future[None]) -> bool:
    if turn.done():  # its client has disconnected
        return False
    turn.set_result(None)
    return True
