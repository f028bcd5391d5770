"""Format outages as JSON, text lines and CSV rows; long lists are streamed in pieces.

stored documents ─► 4 per event loop iteration ─► pieces of the answer
                               └─ formatted once and cached
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from chaosmonkey.api.fair_queue import FairQueue
from chaosmonkey.hub.room_views import for_the_room
from chaosmonkey.hub.view_builders import show_outage
from chaosmonkey.hub.views import OutageView
from chaosmonkey.model import Outage
from chaosmonkey.outage.recovery import PHASES
from chaosmonkey.outage.story import took
from chaosmonkey.store.records import from_document
from chaosmonkey.visible import visible

EACH = 4
"""Outages in a piece: 2 ms of work on a laptop if they are not cached."""

REMEMBERED = 2048
"""Documents whose formatted outages are cached: some 10 KB each."""

FACTS = (
    "id", "machine", "origin", "feed", "by", "began", "t0_within", "clocked", "cause", "outcome",
    "recovery_seconds", "recovery_at_least", "blind",
)  # fmt: skip

MILESTONES = (
    "commanded", "cut", "lost", "last_seen", "not_ready", "tainted",
    "evicting_first", "evicting_last", "successor_created", "scheduled",
    "recovered", "whole", "restored", "rejoined", "cleaned",
)  # fmt: skip

LATE_MILESTONES = MILESTONES[4:]
"""Milestones that this server may learn of late."""

COLUMNS = (
    *FACTS, *(f"phase_{name}" for name in PHASES), *MILESTONES, "pods",
    *(f"phase_{name}_at_least" for name in PHASES),
    *(f"{name}_at_least" for name in LATE_MILESTONES),
)  # fmt: skip

FORMULA = ("=", "+", "-", "@", "\t", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Prefixes of a cell that a spreadsheet may evaluate (OWASP, "CSV Injection"), also as full-width
characters, which some treat the same. A carriage return is escaped before."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One outage in each format."""

    json: bytes
    line: str
    row: str


class Listing:
    """Outages in order; iterating yields them formatted, a piece at a time.

    Args:
        in_memory: outages by id whose state is newer than that on the disk, newest first.
        ids: ids of stored outages, newest first.
        read: returns the documents of some ids.
        full: whether to include addresses, for the presenter and scripts.
        queue: schedules the pieces.
        address: the client's, by which the queue is fair.
    """

    def __init__(
        self,
        in_memory: Mapping[str, Outage],
        ids: Sequence[str],
        read: Callable[[Sequence[str]], Awaitable[Mapping[str, str]]],
        *,
        full: bool,
        queue: FairQueue,
        address: str,
    ) -> None:
        self._in_memory = {key: show(one, full=full) for key, one in in_memory.items()}
        self._ids = ids
        self._read = read
        self._full = full
        self._queue = queue
        self._address = address

    async def __aiter__(self) -> AsyncIterator[Sequence[Shown]]:
        unwritten = self._in_memory.keys() - set(self._ids)
        if unwritten:
            yield [one for key, one in self._in_memory.items() if key in unwritten]
        for start in range(0, len(self._ids), EACH):
            await self._queue.turn(self._address)
            yield await self._piece(self._ids[start : start + EACH])

    async def _piece(self, ids: Sequence[str]) -> list[Shown]:
        documents = await self._read([key for key in ids if key not in self._in_memory])
        found = (
            self._in_memory.get(key) or _of_document(documents[key], full=self._full)
            for key in ids
            if key in self._in_memory or key in documents
        )
        return [one for one in found if one is not None]


async def as_json(listing: Listing) -> AsyncIterator[bytes]:
    """Stream a JSON list of OutageView."""
    before = b"["
    async for piece in listing:
        if piece:
            yield before + b",".join(one.json for one in piece)
            before = b","
    yield b"]" if before == b"," else b"[]"


async def as_text(listing: Listing) -> AsyncIterator[str]:
    """Stream a text line for each outage."""
    none = True
    async for piece in listing:
        none = none and not piece
        yield "".join(f"{visible(one.line)}\n" for one in piece)
    if none:
        yield "No outages yet.\n"


async def as_csv(listing: Listing) -> AsyncIterator[str]:
    """Stream a CSV row for each outage, below a header."""
    yield csv_line(COLUMNS)
    async for piece in listing:
        yield "".join(one.row for one in piece)


def show(outage: Outage, *, full: bool) -> Shown:
    """Format one outage; `full` includes addresses."""
    view = view_of(outage, full=full)
    return Shown(orjson.dumps(view), line(view), _row(view))


def view_of(outage: Outage, *, full: bool) -> OutageView:
    """Return the view of an outage; `full` includes addresses."""
    view = show_outage(outage)
    return view if full else for_the_room(view)


def line(view: OutageView) -> str:
    """Format an outage as a line of text."""
    time = ""
    if view.recovery_seconds is not None:
        time = f"recovered in {took(view.recovery_seconds, view.recovery_at_least)}"
    how = view.outcome or "under way"
    return f"{view.id}  {view.feed or view.origin}  {how}  {time}".rstrip()


def csv_line(cells: Iterable[Any]) -> str:
    """Format a CSV row that no spreadsheet evaluates as a formula."""
    text = io.StringIO()
    csv.writer(text).writerow(map(_harmless, cells))
    return text.getvalue()


@lru_cache(maxsize=REMEMBERED)
def _of_document(document: str, *, full: bool) -> Shown | None:
    outage = from_document(document)
    return None if outage is None else show(outage, full=full)


def _row(view: OutageView) -> str:
    """Format the row of an outage; milestones and phases that did not happen are empty."""
    facts = (getattr(view, name) for name in FACTS)
    phases, milestones = map(view.phases.get, PHASES), map(view.milestones.get, MILESTONES)
    at_least = (*map(view.phases_at_least.get, PHASES), *map(view.at_least.get, LATE_MILESTONES))
    return csv_line((*facts, *phases, *milestones, len(view.pods), *at_least))


def _harmless(value: Any) -> Any:
    """Escape invisible characters, and prefix an apostrophe to what looks like a formula."""
    if not isinstance(value, str):
        return value
    shown = visible(value)
    return f"'{shown}" if shown.lstrip(" ").startswith(FORMULA) else shown
