"""Folds events into outages: a pure function.

    (outages, event, world) ─► outages

An outage begins when a plug is cut, a sensor loses a feed without a cut, or a node falls silent.
From then on every event that concerns it adds a moment. `Tracker` is the shell that holds the
outages and the world.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from chaosmonkey.model import (
    Cause,
    Changed,
    ClockStepped,
    Event,
    FeedKind,
    FeedSensed,
    FeedState,
    Fresh,
    Lease,
    Node,
    Occurrence,
    Outage,
    Paused,
    PlugCut,
    PlugRestored,
    Pod,
    Removed,
    Stale,
    Tick,
)
from chaosmonkey.outage.blindness import extended_for
from chaosmonkey.outage.cluster_state import ClusterState
from chaosmonkey.outage.detection import (
    begin_commanded,
    begin_observed,
    begin_sensed,
    fell_silent,
    outage_id,
    unused,
)
from chaosmonkey.outage.ending import conclude, time_passed
from chaosmonkey.outage.pod_tracking import follow_pod, forget_pod, note_warning, release_unneeded
from chaosmonkey.outage.recovery import outcome

Outages = Mapping[str, Outage]
"""The open outages, by id."""


class Tracker:
    """Holds the open outages and the world, and returns which outages an event changed.

    From `began` on the cluster counts as unseen, until the first contact.
    """

    def __init__(self, machines: Mapping[str, str] | None = None, *, began: float = 0.0) -> None:
        self.world = ClusterState(began)
        self.outages: Outages = {}
        self._machines = machines or {}
        self._used: set[str] = set()

    def name(self, began: float, machine: str) -> str:
        """A unique id for an outage that begins now."""
        return unused(outage_id(began, machine), self._used)

    def know_ids(self, ids: Iterable[str]) -> None:
        """Reserve the ids of outages of earlier processes."""
        self._used.update(ids)

    def is_known(self, outage: str) -> bool:
        """Whether an outage has this id, or had it in an earlier process."""
        return outage in self._used

    def handle(self, event: Event) -> list[Outage]:
        """Fold in an event; return the outages that it began, changed or closed."""
        before = self.world.apply(event)
        old = self.outages
        new = follow(
            old, event, self.world, before=before, machines=self._machines, used=self._used
        )
        self._used.update(new)
        self.outages = {key: outage for key, outage in new.items() if outage.closed is None}
        return [outage for key, outage in new.items() if outage != old.get(key)]


def follow(
    outages: Outages,
    event: Event,
    world: ClusterState,
    *,
    before: Node | Stale | None = None,
    machines: Mapping[str, str] = MappingProxyType({}),
    used: Collection[str] = (),
) -> Outages:
    """The outages after one event, including those that it closed.

    Args:
        outages: the open outages before the event.
        event: what happened.
        world: what is known after it; only read.
        before: the node, or the staleness, that the event replaced.
        machines: node name → machine name, where they differ.
        used: ids that outages have or had.
    """
    step: Callable[[Outage], Outage]
    match event:
        case PlugCut():
            cut = begin_commanded(event, world)
            return {**outages, cut.id: cut}
        case (
            PlugRestored(machine=machine, feed=feed, at=at)
            | FeedSensed(state=FeedState.ON, machine=machine, feed=feed, at=at)
        ):
            step = partial(_restored, machine=machine, feed=feed, at=at)
        case FeedSensed(state=FeedState.OFF, cause=Cause()):
            return _feed_lost(outages, event, world, used)
        case Changed(Node() as node, at):
            if isinstance(before, Node) and before.is_ready and fell_silent(node, world, at):
                name = machines.get(node.name, node.name)
                seen = begin_observed(node, world, name, at)
                outages = _begun(outages, seen, used, lost=seen.t0, at=at)
            step = partial(_node_changed, node=node, at=at)
        case Removed(Node() as node, at):
            step = partial(_node_removed, node=node, at=at)
        case Changed(Lease() as lease, at):
            step = partial(_lease_renewed, lease=lease, at=at)
        case Changed(Pod() as pod, at):
            step = partial(follow_pod, pod=pod, at=at, world=world)
        case Removed(Pod() as pod, at):
            step = partial(forget_pod, pod=pod, at=at)
        case Changed(Occurrence() as warning):
            step = partial(note_warning, warning=warning)
        case Stale() | Fresh() | Paused() | ClockStepped():
            step = partial(_view_changed, event=event)
        case Tick(at) if world.unseen_at(at) is None:  # in a gap, first learn what happened
            step = partial(time_passed, at=at, world=world)
        case _:
            step = _unchanged
    return _each(outages, step, event.at, world)


def _each(
    outages: Outages, step: Callable[[Outage], Outage], at: float, world: ClusterState
) -> Outages:
    """Apply a step to all outages that are still open."""
    return {
        key: outage
        if outage.closed is not None
        else conclude(release_unneeded(step(outage), at=at, world=world), at, world)
        for key, outage in outages.items()
    }


def _feed_lost(
    outages: Outages, lost: FeedSensed, world: ClusterState, used: Collection[str]
) -> Outages:
    new = begin_sensed(lost, world)
    if new.id not in outages:  # two losses within a second are one
        begun = _begun(outages, new, used, lost=lost.at + lost.within, at=lost.at)
        if begun.keys() != outages.keys():
            return begun
    return _each(outages, partial(_lost_again, lost=lost), lost.at, world)


def _begun(
    outages: Outages, new: Outage, used: Collection[str], *, lost: float, at: float
) -> Outages:
    """Add an outage, unless its machine already has an open one.

    If the machine had come back and that outage's outcome is known, the open outage ends first.
    """
    outages = {
        key: _end_back(outage, at)
        if outage.node == new.node and _was_back(outage, lost) and outcome(outage) is not None
        else outage
        for key, outage in outages.items()
    }
    if any(outage.node == new.node and outage.closed is None for outage in outages.values()):
        return outages
    new = replace(new, id=unused(new.id, {*used, *outages}))
    return {**outages, new.id: new}


def _was_back(outage: Outage, moment: float) -> bool:
    return outage.rejoined is not None and outage.rejoined < moment


def _end_back(outage: Outage, at: float) -> Outage:
    over = outage.not_ready is None or outage.whole is not None
    why = "" if over else "its machine was lost again"
    return replace(outage, closed=max(at, outage.rejoined or at), interrupted=why)


# --- what happens to the machine ----------------------------------------------------------------


def _restored(outage: Outage, *, machine: str, feed: FeedKind, at: float) -> Outage:
    if (outage.machine, outage.feed) != (machine, feed) or outage.restored is not None:
        return outage
    return replace(outage, restored=max(at, outage.t0))


def _lost_again(outage: Outage, *, lost: FeedSensed) -> Outage:
    """A machine with an open outage loses a feed: undo its return, or note the cause.

    The first t0 stands.
    """
    if outage.node != lost.node:
        return outage
    if outage.feed is None:
        return replace(outage, feed=lost.feed, cause=lost.cause)
    if outage.feed is not lost.feed:
        return outage
    return replace(outage, restored=None, rejoined=None)


def _node_changed(outage: Outage, *, node: Node, at: float) -> Outage:
    if outage.node != node.name:
        return outage
    if not node.is_ready:
        outage = replace(outage, not_ready=outage.not_ready or at, rejoined=None)
    elif outage.not_ready is not None and outage.rejoined is None:
        outage = replace(outage, rejoined=at, held="")
    if outage.tainted is None and node.tainted("NoExecute"):
        outage = replace(outage, tainted=at, held="")
    return outage


def _node_removed(outage: Outage, *, node: Node, at: float) -> Outage:
    if outage.node != node.name:
        return outage
    return replace(outage, closed=at, interrupted="the node was deleted from the cluster")


def _lease_renewed(outage: Outage, *, lease: Lease, at: float) -> Outage:
    """A machine whose absence went unnoticed is back when its lease is renewed."""
    unnoticed = outage.not_ready is None and outage.restored is not None
    if outage.node == lease.node and unnoticed and outage.rejoined is None:
        return replace(outage, rejoined=at)
    return outage


def _view_changed(outage: Outage, *, event: Stale | Fresh | Paused | ClockStepped) -> Outage:
    """Note that our view of the cluster changed, although nothing happened to the machine."""
    match event:
        case Stale(at, why, replaced=True):
            return _replaced(outage, at=at, why=why)
        case ClockStepped(by):
            return outage.later(by)
        case _:
            return extended_for(outage, event)


def _replaced(outage: Outage, *, at: float, why: str) -> Outage:
    """End an outage because the cluster was replaced: its new state does not continue the old."""
    why = why[:1].lower() + why[1:]
    return replace(outage, closed=max(at, outage.t0), interrupted=why)


def _unchanged(outage: Outage) -> Outage:
    return outage
