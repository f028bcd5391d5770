"""The edges that are connected, and whom they serve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chaosmonkey.clock import Clock
from chaosmonkey.hub.views import EdgeView, ScaleView
from chaosmonkey.scale.messages import EdgeReport

PRESENCE_EVERY = 2.0
"""Real seconds between two reports of an edge."""

SILENT = 7.0
"""Real seconds without a report after which an edge is presumed dead: three were lost."""


@dataclass(frozen=True, slots=True)
class _Reported:
    presence: EdgeReport
    at: float


class Edges:
    """What each edge reported last, and whether the link works; `changed` is called on a change."""

    def __init__(self, pace: Clock, changed: Callable[[], None]) -> None:
        self._pace = pace
        self._changed = changed
        self._reported: dict[str, _Reported] = {}
        self._connected = False
        self._why = "it has not connected yet"

    @property
    def phones(self) -> int:
        """How many phones the edges serve."""
        return sum(one.presence.phones for one in self._reported.values())

    @property
    def view(self) -> ScaleView:
        """What the console shows of them."""
        edges = tuple(
            EdgeView(name, phones=one.presence.phones, stages=one.presence.stages)
            for name, one in sorted(self._reported.items())
        )
        return ScaleView(connected=self._connected, why=self._why, edges=edges)

    def report(self, name: str, presence: EdgeReport) -> None:
        """Record an edge's report."""
        before = self._reported.get(name)
        self._reported[name] = _Reported(presence, self._pace.now())
        if before is None or before.presence != presence:
            self._changed()

    def link_up(self) -> None:
        """Record that the link works."""
        self._set_link(connected=True, why="")

    def link_down(self, why: str) -> None:
        """Record that the link does not work, and why; nobody knows whom the edges serve."""
        self._reported.clear()
        self._set_link(connected=False, why=why)

    def sweep(self) -> None:
        """Forget the edges that no longer report."""
        oldest = self._pace.now() - SILENT
        silent = [name for name, one in self._reported.items() if one.at < oldest]
        for name in silent:
            del self._reported[name]
        if silent:
            self._changed()

    def _set_link(self, *, connected: bool, why: str) -> None:
        if (self._connected, self._why) != (connected, why):
            self._connected, self._why = connected, why
            self._changed()
