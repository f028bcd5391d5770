"""Who is connected: stages, consoles and phones, and how long a stage takes to draw a change.

A phone is a seat with a live connection, however many tabs it has.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

Role = Literal["stage", "console", "phone", "viewer"]

REMEMBERED = 64
"""Deltas whose sending time is kept, for acknowledgements that come later."""


class Presence:
    """Counts connections by role, and phones by seat; `changed` is called when a count changes.

    Attributes:
        stage_delay: seconds from sending a delta until a stage said that it had drawn it; of the
            last acknowledgement, None without one.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.stage_delay: float | None = None
        self._changed = changed
        self._counts: Counter[str] = Counter()
        self._seats: Counter[str] = Counter()
        self._sent: OrderedDict[int, float] = OrderedDict()

    def count(self, role: Role) -> int:
        """How many of a role are connected."""
        return len(self._seats) if role == "phone" else self._counts[role]

    @contextmanager
    def seated(self, seat: str) -> Iterator[None]:
        """Count a phone's connection for as long as the context lasts."""
        self._seats[seat] += 1
        self._changed()
        try:
            yield
        finally:
            self._seats[seat] -= 1
            if not self._seats[seat]:
                del self._seats[seat]
            self._changed()

    @contextmanager
    def here(self, role: Role) -> Iterator[None]:
        """Count somebody for as long as the context lasts."""
        self._counts[role] += 1
        self._changed()
        try:
            yield
        finally:
            self._counts[role] -= 1
            if role == "stage" and not self._counts[role]:
                self.stage_delay = None
            self._changed()

    def sent(self, seq: int, at: float) -> None:
        """A delta was sent, at a moment of real time."""
        self._sent.setdefault(seq, at)
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)

    def drawn(self, seq: int, at: float) -> None:
        """A stage says that it has drawn a delta."""
        sent = self._sent.get(seq)
        if sent is not None:
            self.stage_delay = at - sent
            self._changed()
