"""Count connected stages, consoles and phones, and measure how fast a stage draws a change.

A phone is a seat with at least one live connection. Every visitor may open the stage, so stages
are counted by address, and the delay is that of the stage connected first.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

Role = Literal["stage", "console", "phone", "viewer"]

REMEMBERED = 64
"""Deltas whose sending time is kept until a stage acknowledges them."""


DELAY_SHOWN = 1.0
"""Minimum seconds between two publications of a stage's delay. The stage draws each of them, which
is another delay."""


class Presence:
    """Counts connections by role, and phones by seat.

    Args:
        changed: called when a stage or a console comes or goes, or a stage has another delay.
        counted: called when a phone comes or goes.
        elsewhere: returns how many phones the edges serve.
    """

    def __init__(
        self,
        changed: Callable[[], None],
        counted: Callable[[], None],
        *,
        elsewhere: Callable[[], int] = lambda: 0,
    ) -> None:
        self._changed = changed
        self._counted = counted
        self._elsewhere = elsewhere
        self._delay_shown_at = -DELAY_SHOWN
        self._counts: Counter[str] = Counter()
        self._seats: Counter[str] = Counter()
        self._stages: dict[str, int] = {}
        self._delays: dict[str, float] = {}
        self._sent: OrderedDict[int, float] = OrderedDict()

    def count(self, role: Role) -> int:
        """Return how many clients of a role are connected."""
        match role:
            case "phone":
                return len(self._seats) + self._elsewhere()
            case "stage":
                return len(self._stages)
            case _:
                return self._counts[role]

    @property
    def stage_delay(self) -> float | None:
        """Seconds from sending a delta until the longest-connected stage has drawn it.

        Measured by its last acknowledgement; None without one.
        """
        return next((self._delays[one] for one in self._stages if one in self._delays), None)

    @contextmanager
    def seated(self, seat: str) -> Iterator[None]:
        """Count a phone's connection for as long as the context lasts."""
        self._seats[seat] += 1
        self._counted()
        try:
            yield
        finally:
            self._seats[seat] -= 1
            if not self._seats[seat]:
                del self._seats[seat]
            self._counted()

    @contextmanager
    def here(self, role: Role) -> Iterator[None]:
        """Count a connection for as long as the context lasts."""
        self._counts[role] += 1
        self._changed()
        try:
            yield
        finally:
            self._counts[role] -= 1
            self._changed()

    @contextmanager
    def stage(self, address: str) -> Iterator[None]:
        """Count an address that shows the stage for as long as the context lasts."""
        self._stages[address] = self._stages.get(address, 0) + 1
        self._changed()
        try:
            yield
        finally:
            self._stages[address] -= 1
            if not self._stages[address]:
                del self._stages[address]
                self._delays.pop(address, None)
            self._changed()

    def sent(self, seq: int, at: float) -> None:
        """Record when a delta was sent, in real time."""
        self._sent.setdefault(seq, at)
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)

    def drawn(self, address: str, seq: int, at: float) -> None:
        """Record when the stage at an address has drawn a delta."""
        sent = self._sent.get(seq)
        if sent is not None and address in self._stages:
            self._delays[address] = at - sent
            if at - self._delay_shown_at >= DELAY_SHOWN:
                self._delay_shown_at = at
                self._changed()
