"""From a line to a gesture: a button that is held. What is not read now is not held.

seen let go ─► low: holding ─► low, at rest, and read after the time is up ─► held
▲             │
└─────────────┴─ let go; unknown; restless; not looked at for GAP: this press is over
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn, Protocol

from chaosmonkey.clock import Clock
from chaosmonkey.wires import Tell

STEP = 0.05
"""Seconds between two looks at a button that is pressed."""

GAP = 0.25
"""Seconds between two looks, or since the line was read, after which a hold is over: the process
was stopped, its loop late, or the bus stuck, and nobody knows what the hand did meanwhile."""


class Watched(Protocol):
    """A line that is watched, as `InputLine` is."""

    @property
    def high(self) -> bool | None:
        """Its level now; None if it cannot be read."""
        ...

    @property
    def at_rest(self) -> bool:
        """Whether it has settled."""
        ...

    @property
    def age(self) -> float:
        """Seconds since it was read."""
        ...

    async def run(self, tell: Tell) -> NoReturn:
        """Tell its level at first and at each change, until cancelled."""
        ...


class HoldButton:
    """A button to ground that does something when it was held long enough, once for each press.

    A press counts while it is read, and only after the button was seen let go: one that is pressed
    when the watch begins, or after a gap, may be a short circuit.

    Args:
        line: its line.
        hold: seconds.
        pace: counts them.
        holding: is called with True when it is pressed and with False when that is over.
        held: is called when it was held.
    """

    def __init__(
        self,
        line: Watched,
        *,
        hold: float,
        pace: Clock,
        holding: Callable[[bool], None],
        held: Callable[[], None],
    ) -> None:
        self._line = line
        self._hold = hold
        self._pace = pace
        self._holding = holding
        self._held = held

    async def run(self) -> NoReturn:
        """Watch until cancelled."""
        levels: asyncio.Queue[bool | None] = asyncio.Queue()
        async with asyncio.TaskGroup() as tasks:
            telling = self._line.run(lambda high, _: levels.put_nowait(high))
            tasks.create_task(telling, name="button")
            let_go = False
            while True:
                high = await levels.get()
                if high is False and let_go:
                    await self._press(levels)
                let_go = high is True
        raise AssertionError("unreachable")

    async def _press(self, levels: asyncio.Queue[bool | None]) -> None:
        self._holding(True)
        try:
            held = await self._lasts(levels)
        finally:
            self._holding(False)
        if held:
            self._held()

    async def _lasts(self, news: asyncio.Queue[bool | None]) -> bool:
        """Whether the press goes on until it has lasted long enough, seen all the time."""
        began = looked = self._pace.now()
        while True:
            await self._pace.sleep(STEP)
            now = self._pace.now()
            if not news.empty() or now - looked > GAP or self._line.age > GAP:
                return False
            looked = now
            enough = now - began - self._hold
            if enough >= self._line.age and self._line.at_rest and self._line.high is False:
                return True
