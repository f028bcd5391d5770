"""A recorded watch stream of a real control plane, replayed into the tracker as our watch would."""

import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import orjson

from chaosmonkey.cluster import decoding
from chaosmonkey.cluster.cache import Cache
from chaosmonkey.cluster.resources import WATCHED
from chaosmonkey.model import Event, FeedKind, Fresh, Outage, PlugCut, PlugRestored, Stale, Tick
from chaosmonkey.outage.detection import outage_id
from chaosmonkey.outage.tracker import Tracker

TRACES = Path(__file__).parents[1] / "traces"
DECODERS = {resource.name: resource.decode for resource in WATCHED}
OWNERS = {resource.name for resource in WATCHED if not resource.late}
EPOCH = 1_700_000_000.0
OPENING = 1.0
"""Seconds at the start of a recording in which everything that exists is told."""

Timed = tuple[float, Event]


def replay(
    name: str,
    *,
    cuts: Mapping[str, float],
    restored: float | None = None,
    feed: FeedKind = FeedKind.POWER,
    commanded: bool = True,
    blind: tuple[float, float] | None = None,
    after_each: Callable[[Tracker], None] = lambda _: None,
) -> dict[str, Outage]:
    """Machine → its outage as it was at the end.

    Args:
        name: of the trace.
        cuts: machine → when it was cut, in seconds of the trace.
        restored: when all were restored.
        feed: what was cut.
        commanded: whether our plugs did it; otherwise a hand did, and nobody tells the tracker.
        blind: from when to when our own watch knew that it could not be believed.
        after_each: is called after every event.
    """
    seen = list(_recorded(name))
    start, end = seen[0][0], seen[-1][0]
    ours: list[Timed] = [(start + OPENING, Fresh(EPOCH + start + OPENING))]
    if commanded:
        for machine, at in cuts.items():
            ours.append((at, _cut(machine, EPOCH + at, feed)))
            if restored is not None:
                back = PlugRestored(machine, machine, feed, EPOCH + restored)
                ours.append((restored, back))
    if blind is not None:
        ours += [(blind[0], Stale(EPOCH + blind[0], "test")), (blind[1], Fresh(EPOCH + blind[1]))]
    ours += [(float(t), Tick(EPOCH + t)) for t in range(int(start) + 2, int(end) + 60)]
    tracker = Tracker()
    latest: dict[str, Outage] = {}
    for _, event in sorted(seen + ours, key=lambda timed: timed[0]):
        latest |= {outage.machine: outage for outage in tracker.handle(event)}
        after_each(tracker)
    return latest


def _cut(machine: str, at: float, feed: FeedKind) -> PlugCut:
    return PlugCut(outage_id(at, machine), machine, machine, feed, at, at, "test", at + 60)


def _recorded(name: str) -> list[Timed]:
    """The events that our cache makes of a trace, with their moments."""
    told: list[Event] = []
    caches = {resource: Cache(told.append) for resource in DECODERS}
    timed: list[Timed] = []
    for t, resource, line in _lines(name):
        told.clear()
        match decoding.read_line(line, DECODERS[resource]):
            case decoding.Present(entry):
                caches[resource].put(entry, EPOCH + t)
            case decoding.Deleted(entry):
                caches[resource].remove(entry, EPOCH + t)
            case _:
                pass  # it is about no object
        timed += [(t, event) for event in told]
    return timed


def _lines(name: str) -> list[tuple[float, str, bytes]]:
    """(t, resource, line of the watch); at the opening, owners before what they own."""
    with gzip.open(TRACES / f"{name}.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    start = rows[0]["t"]
    lines = [
        (
            row["t"] if row["t"] > start + OPENING else start,
            row["resource"],
            orjson.dumps(row["event"]),
        )
        for row in rows
        if row["resource"] in DECODERS
    ]
    return sorted(lines, key=lambda row: (row[0], row[0] == start and row[1] not in OWNERS))
