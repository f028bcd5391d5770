"""How an outage ends: its goals are reached, or nothing more happens. Pure steps."""

from __future__ import annotations

from dataclasses import replace

from chaosmonkey.model import Displaced, Fate, FeedState, Outage
from chaosmonkey.outage.cluster_state import ClusterState
from chaosmonkey.outage.pod_tracking import mark_waiting, never_replaced
from chaosmonkey.outage.recovery import unresolved

SETTLE = 30.0
"""Seconds after a machine's return in which effects of a short outage may still appear. A rebooted
kubelet reports its pods as restarted within about 5 s; a slow Pi takes longer."""

GIVE_UP = 900.0
"""Seconds after a machine's return, or restored power, after which an outage ends unfinished."""

HELD_AFTER = 1.5
"""Seconds between Unknown and NoExecute after which the eviction counts as held back: recorded
controllers take 0 to 0.2 s."""

STOP_EVICTING = 0.55
"""kube-controller-manager `--unhealthy-zone-threshold`: share of nodes not Ready that stops it."""


def time_passed(outage: Outage, *, at: float, world: ClusterState) -> Outage:
    """Judge an outage after a quiet time until `at`: is its eviction on hold, is it over?"""
    if outage.not_ready is not None and outage.tainted is None and outage.rejoined is None:
        late = at - outage.not_ready > HELD_AFTER
        outage = replace(outage, held=_why_held(world) if late else "")
    outage = mark_waiting(outage, at=at)
    back = outage.rejoined or outage.restored
    if back is None:
        return outage
    nothing_seen = outage.not_ready is None and outage.rejoined is not None
    undisturbed = nothing_seen and not any(
        pod.disturbed and pod.resolved is None for pod in outage.displaced
    )
    missing = unresolved(outage)
    given_up = outage.rejoined is not None and missing and all(map(never_replaced, missing))
    if at - back > GIVE_UP or ((undisturbed or given_up) and at - back > SETTLE):
        return replace(outage, closed=at)
    return outage


def _why_held(world: ClusterState) -> str:
    share = len(world.not_ready()) / max(1, len(world.nodes))
    if share >= STOP_EVICTING:
        return (
            f"{share:.0%} of the nodes are not Ready: from {STOP_EVICTING:.0%} on, Kubernetes "
            "suspects its own network and evicts no pods"
        )
    return "Kubernetes evicts from one node at a time, every 10 s"


def conclude(outage: Outage, at: float, world: ClusterState) -> Outage:
    """Derive the moments that follow from the others: recovered, whole, cleaned, closed.

    An outage is not over while a sensor sees the feed off: a sensor that debounces may be later
    than the node, and then the moment at which the feed came back would be lost.
    """
    if outage.closed is not None:
        return outage
    moving = outage.moving
    waiting = tuple(pod for pod in outage.displaced if pod.fate is Fate.WAITS)
    moved = _last_resolved(moving)
    whole = _last_resolved(moving + waiting)
    outage = replace(
        outage,
        recovered=outage.recovered or (moved if moving else whole),
        whole=outage.whole or whole,
    )
    if outage.rejoined is None:
        return outage
    evicted = [pod for pod in outage.displaced if pod.evicted is not None]
    leftovers = any(pod.gone is None for pod in evicted)
    if evicted and not leftovers and outage.cleaned is None:
        outage = replace(outage, cleaned=at)
    finished = outage.whole is not None or not (moving or waiting)
    if finished and not leftovers and outage.not_ready is not None and not _is_off(outage, world):
        outage = replace(outage, closed=at)
    return outage


def _is_off(outage: Outage, world: ClusterState) -> bool:
    """Whether a sensor sees the outage's feed off, now."""
    if outage.feed is None:
        return False
    return world.sensed.get((outage.node, outage.feed)) is FeedState.OFF


def _last_resolved(pods: tuple[Displaced, ...]) -> float | None:
    """When the last of the pods was resolved; None if one is not, or there are none."""
    moments = [pod.resolved for pod in pods]
    known = [moment for moment in moments if moment is not None]
    return max(known) if known and len(known) == len(moments) else None
