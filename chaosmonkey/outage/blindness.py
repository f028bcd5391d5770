"""Gaps in which we could not see the cluster, and how they blur a moment: pure functions.

    Stale ────────── Fresh                 the cluster could not be watched
    since           until = read_by
    paused ───────── runs ───── read       this process did not run
    since            until      read_by

What is received after `since` and by `read_by` happened at the moment of receipt or earlier, back
to `since`. Gaps that touch count as one.
"""

from __future__ import annotations

from dataclasses import replace

from chaosmonkey.model import Event, Fresh, Outage, Paused, Stale, Unseen

KEPT = 3600.0
"""Seconds after its end for which a gap is kept: nothing is received later than that."""


def extended(unseen: tuple[Unseen, ...], event: Event) -> tuple[Unseen, ...]:
    """The gaps, oldest first, after an event."""
    match event:
        case Stale(at):
            return _joined(unseen, Unseen(at))
        case Fresh(at):
            return tuple(_ended(one, at) for one in unseen)
        case Paused(since, at, read_by):
            return _joined(unseen, Unseen(since, at, read_by, paused=True))
        case _:
            return unseen


def recent(unseen: tuple[Unseen, ...], at: float) -> tuple[Unseen, ...]:
    """The gaps that may still affect what is received at a moment or later."""
    return tuple(one for one in unseen if one.read_by is None or at - one.read_by < KEPT)


def relevant_gaps(unseen: tuple[Unseen, ...], t0: float) -> tuple[Unseen, ...]:
    """The gaps that may affect what is received after a t0."""
    return tuple(one for one in unseen if one.read_by is None or one.read_by > t0)


def _ended(one: Unseen, at: float) -> Unseen:
    return replace(one, until=at, read_by=at) if one.until is None else one


def _joined(unseen: tuple[Unseen, ...], new: Unseen) -> tuple[Unseen, ...]:
    """Add a gap, joined with an earlier one of its kind if they touch."""
    for index, one in enumerate(unseen):
        if one.paused is new.paused and (one.read_by is None or new.since <= one.read_by):
            joined = one if one.until is None else replace(new, since=min(one.since, new.since))
            return (*unseen[:index], joined, *unseen[index + 1 :])
    return (*unseen, new)


def extended_for(outage: Outage, event: Event) -> Outage:
    """An outage after an event that may begin or end a gap."""
    blind = outage.blind
    match event:
        case Fresh(at):
            ended = [one.since for one in outage.unseen if one.until is None]
        case Paused(since, at):
            ended = [since]
        case _:
            at, ended = event.at, []
    for since in ended:
        blind = max(blind, at - max(since, outage.t0))
    return replace(outage, blind=blind, unseen=extended(outage.unseen, event))


def earliest(outage: Outage, moment: float, *, ours: bool = False) -> float:
    """The earliest moment at which something that we received at `moment` can have happened.

    `ours` means that a plug or sensor reported it, for which a lost cluster does not matter.
    """
    at = moment
    for one in sorted(outage.unseen, key=lambda one: one.since, reverse=True):
        if one.covers(at) and (one.paused or not ours):
            at = one.since
    return max(at, min(moment, outage.t0))
