"""From a line to a gesture: a button that is held, a red one that is in or out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

from chaosmonkey.clock import Clock, came
from chaosmonkey.wires import InputLine


class HoldButton:
    """A button to ground that does something when it was held long enough, once for each press.

    One that is pressed when the watch begins must be let go first: it may be a short circuit.

    Args:
        line: its line.
        hold: seconds.
        pace: counts them.
        holding: is called with True when it is pressed and with False when that is over.
        held: is called when it was held.
    """

    def __init__(
        self,
        line: InputLine,
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
        levels: asyncio.Queue[bool] = asyncio.Queue()
        async with asyncio.TaskGroup() as tasks:
            telling = self._line.run(lambda high, _: levels.put_nowait(high))
            tasks.create_task(telling, name="button")
            while not await levels.get():
                pass
            while True:
                if await levels.get():
                    continue  # let go
                self._holding(True)
                let_go = await came(levels.get(), self._pace, within=self._hold)
                self._holding(False)
                if not let_go:
                    self._held()
        raise AssertionError("unreachable")
