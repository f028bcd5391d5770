"""Predicts a cut: which pods it would displace, and what Kubernetes would do. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chaosmonkey.config import Lab, Machine
from chaosmonkey.control.guard import CutRequest, objections, wanted
from chaosmonkey.control.rules import Facts
from chaosmonkey.errors import ChaosMonkeyError
from chaosmonkey.model import Displaced, Fate, FeedKind
from chaosmonkey.outage.cluster_state import ClusterState
from chaosmonkey.outage.pod_tracking import displace


@dataclass(frozen=True, slots=True)
class Plan:
    """What a cut would do.

    Attributes:
        objections: everything that forbids it now; empty if it is allowed.
        pods: those that would be displaced.
        notices_after: seconds of silence after which Kubernetes should mark the node NotReady.
        evicts_after: seconds until the last pod that moves should be evicted; None if none moves.
        warnings: what else the caller should know, as sentences.
    """

    machine: str
    feed: FeedKind
    seconds: float
    objections: tuple[ChaosMonkeyError, ...]
    pods: tuple[Displaced, ...]
    notices_after: float
    evicts_after: float | None
    warnings: tuple[str, ...]


def plan(request: CutRequest, lab: Lab, facts: Facts) -> Plan:
    """The plan of a request that is possible at all; raises UnknownMachine, BadInput."""
    machine = wanted(request, lab, facts.world.nodes)
    pods = displace(machine.node_name, facts.world)
    grace = lab.preset.grace
    tolerations = [
        pod.toleration for pod in pods if pod.fate is Fate.MOVES and pod.toleration is not None
    ]
    evicts_after = grace + max(tolerations) if tolerations else None
    return Plan(
        machine=machine.name,
        feed=request.feed,
        seconds=request.seconds,
        objections=tuple(objections(machine, lab, facts)),
        pods=pods,
        notices_after=grace,
        evicts_after=evicts_after,
        warnings=(
            *_unbalanced(machine, pods, lab, facts.world),
            *_too_short(machine, request, grace, evicts_after),
            *_stay_behind(pods),
        ),
    )


def _unbalanced(
    machine: Machine, pods: tuple[Displaced, ...], lab: Lab, world: ClusterState
) -> Iterator[str]:
    """Warnings about a machine from which no pod would move."""
    if any(pod.fate is Fate.MOVES for pod in pods):
        return
    yield f"Nothing on {machine.name} can move: a cut would show no recovery."
    elsewhere = {
        other.name: movable
        for other in lab.machine
        if other.name != machine.name
        and (movable := sum(pod.fate is Fate.MOVES for pod in displace(other.node_name, world)))
    }
    if elsewhere:
        places = ", ".join(f"{name} ({count})" for name, count in elsewhere.items())
        yield (
            f"The pods that can move are on {places}. Spread them again with: "
            "kubectl rollout restart deployment"
        )


def _stays_behind(pod: Displaced) -> str:
    """Why a pod would not be replaced elsewhere; "" if it would, or if it need not be."""
    match pod.fate:
        case Fate.LOST:
            return "has no controller: once evicted, it is not recreated"
        case Fate.WAITS if pod.toleration is None:
            return "tolerates a lost machine without limit: it waits until its machine is back"
        case Fate.WAITS:
            return f"belongs to a {pod.kind}: it waits until its machine is back"
        case _:
            return ""


def _too_short(
    machine: Machine, request: CutRequest, grace: float, evicts_after: float | None
) -> Iterator[str]:
    """What may not happen because the cut is short.

    "May": Kubernetes counts from the last heartbeat, and a machine that boots stays silent.
    """
    is_back = f"{machine.name} boots" if request.feed is FeedKind.POWER else "that is"
    start = f"{request.feed.capitalize()} returns after {request.seconds:g} s. If {is_back} before"
    if request.seconds < grace:
        yield f"{start} Kubernetes notices (after about {grace:g} s), no pod moves."
    elif evicts_after is not None and request.seconds < evicts_after:
        yield (
            f"{start} all pods are evicted (after about {evicts_after:g} s), some stay where they "
            "are."
        )


def _stay_behind(pods: tuple[Displaced, ...]) -> Iterator[str]:
    for pod in pods:
        if why := _stays_behind(pod):
            yield f"{pod.namespace}/{pod.name} {why}."
