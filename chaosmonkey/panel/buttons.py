"""Detect that a button is held. A button that is not read does not count as held.

released ─► low: holding ─► low, at rest, and read after the time is up ─► held
▲          │
└──────────┴─ released; unknown; restless; not polled for GAP: this press is over
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn, Protocol

from chaosmonkey.clock import Clock
from chaosmonkey.wires import ReportLevel

STEP = 0.05
"""Seconds between two polls of a pressed button."""

GAP = 0.25
"""Seconds between two polls, or since the line was read, after which a hold is over: the process
was stopped, its loop late, or the bus stuck, so the button may have been released meanwhile."""


class Watched(Protocol):
    """A watched line, such as an `InputLine`."""

    @property
    def high(self) -> bool | None:
        """Its level now; None if it cannot be read."""
        ...

    @property
    def settled(self) -> bool:
        """Whether it has settled."""
        ...

    @property
    def age(self) -> float:
        """Seconds since it was read."""
        ...

    async def run(self, report: ReportLevel) -> NoReturn:
        """Report its level at the start and at each change, until cancelled."""
        ...


class HoldButton:
    """A button to ground that triggers once per press, when it was held long enough.

    A press counts only while the line is read and after the button was released: one that is
    pressed at the start of the watch, or after a gap, may be a short circuit.

    Args:
        line: its line.
        hold: seconds to hold it.
        pace: real time.
        holding: called with True when a press starts and with False when it ends.
        held: called when it was held long enough.
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
        """Whether the press lasts long enough, polled without a gap."""
        began = polled = self._pace.now()
        while True:
            await self._pace.sleep(STEP)
            now = self._pace.now()
            if not news.empty() or now - polled > GAP or self._line.age > GAP:
                return False
            polled = now
            enough = now - began - self._hold
            if enough >= self._line.age and self._line.settled and self._line.high is False:
                return True
