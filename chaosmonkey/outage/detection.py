"""How an outage begins: a cut of ours, a feed that a sensor loses, a node that falls silent."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from datetime import UTC, datetime

from chaosmonkey.model import (
    Cause,
    Clocked,
    CutShort,
    FeedKind,
    FeedSensed,
    FeedState,
    Node,
    Origin,
    Outage,
    PlugCut,
)
from chaosmonkey.outage.blindness import relevant_gaps
from chaosmonkey.outage.cluster_state import ClusterState
from chaosmonkey.outage.pod_tracking import displace


def outage_id(began: float, machine: str) -> str:
    """Such as "20261120-101500-node3": when it began (UTC) and where."""
    return f"{datetime.fromtimestamp(began, UTC):%Y%m%d-%H%M%S}-{machine}"


def unused(wanted: str, used: Collection[str]) -> str:
    """The id, with a number if it is taken: two outages may begin within one second."""
    numbered = (f"{wanted}-{number}" for number in itertools.count(2))
    return next(one for one in itertools.chain([wanted], numbered) if one not in used)


def begin_commanded(cut: PlugCut, world: ClusterState) -> Outage:
    """An outage of ours: it begins when the sensor saw the loss, or the plug was read back as off.

    If this process was paused just then, the loss may have been at any time since the pause began,
    or since the command if that came later.
    """
    t0, paused = cut.at, world.unseen_at(cut.at, paused=True)
    if paused is not None and paused.until is not None and paused.until > cut.commanded:
        t0 = max(paused.since, cut.commanded)
    return Outage(
        id=cut.outage,
        machine=cut.machine,
        node=cut.node,
        origin=Origin.COMMANDED,
        feed=cut.feed,
        by=cut.by,
        t0=t0,
        t0_within=cut.at - t0,
        clocked=Clocked.SENSOR if cut.sensed else Clocked.READ_BACK,
        commanded=cut.commanded,
        restore_by=cut.restore_by,
        displaced=displace(cut.node, world),
        unseen=relevant_gaps(world.unseen, t0),
    )


def begin_sensed(lost: FeedSensed, world: ClusterState) -> Outage:
    """An outage that a sensor saw: the feed was lost without a cut of ours."""
    paused = world.unseen_at(lost.at, paused=True)
    t0 = lost.at if paused is None else paused.since
    return Outage(
        id=outage_id(t0, lost.machine),
        machine=lost.machine,
        node=lost.node,
        origin=Origin.OBSERVED,
        feed=lost.feed,
        t0=t0,
        t0_within=lost.within + (lost.at - t0),
        clocked=Clocked.SENSOR,
        cause=lost.cause,
        displaced=displace(lost.node, world),
        unseen=relevant_gaps(world.unseen, t0),
    )


def fell_silent(node: Node, world: ClusterState, at: float) -> bool:
    """Whether a node has stopped renewing its lease, without a cut.

    It is a false alarm if we lost the cluster since its last renewal, or if all others fell silent
    too: then the API server was away, not the machine. Nor is a node silent whose renewals arrive
    but are ignored by Kubernetes, because its clock is behind.
    """
    sign = world.signs.get(node.name)
    return (
        node.ready == "Unknown"
        and sign is not None
        and world.stale is None
        and not (sign.ignored and at - sign.at < sign.duration / 2)
        and max(world.trusted_since, world.kubelets_seen_since) <= sign.at
        and world.others_renewed_since(node.name, sign.at + sign.interval)
    )


def begin_observed(node: Node, world: ClusterState, machine: str, at: float) -> Outage:
    """An outage seen by Kubernetes alone: it begins at the node's last sign of life.

    More signs may have been sent that we have not received; the machine was lost by `at` at the
    latest, when we learned that it is silent.
    """
    sign = world.signs[node.name]
    ours = _cut_short_meanwhile(node, world)
    # A cut of ours lost the feed before the node's return; anything else did so after it.
    sent = sign.at - sign.late
    t0 = sent if ours else max(sent, world.returned.get(node.name, sent))
    within = sign.at + sign.interval - sent
    if world.unseen_at(at) is not None:
        within = max(within, at - t0)
    cause = None
    if ours is not None:
        cause = Cause.CUT_SHORT
    elif world.sensed.get((node.name, FeedKind.POWER)) is FeedState.ON:
        cause = Cause.FAULT
    return Outage(
        id=outage_id(t0, machine),
        machine=machine,
        node=node.name,
        origin=Origin.OBSERVED,
        feed=ours.feed if ours else None,
        by=ours.by if ours else "",
        t0=t0,
        t0_within=within,
        clocked=Clocked.LAST_SIGN,
        cause=cause,
        displaced=displace(node.name, world),
        unseen=relevant_gaps(world.unseen, t0),
    )


def _cut_short_meanwhile(node: Node, world: ClusterState) -> CutShort | None:
    """The cut of ours that was interrupted around the node's last sign of life, if any."""
    sign, cut = world.signs[node.name], world.cut_short.get(node.name)
    if cut is None or not cut.commanded - sign.interval <= sign.at <= cut.at + sign.interval:
        return None
    return cut
