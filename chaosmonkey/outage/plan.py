"""What a cut would do: which pods it would displace, and what Kubernetes would make of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chaosmonkey.config import Lab
from chaosmonkey.errors import ChaosMonkeyError
from chaosmonkey.model import Displaced, Fate, FeedKind
from chaosmonkey.outage.displaced import displace
from chaosmonkey.outage.guard import CutRequest, objections, wanted
from chaosmonkey.outage.rules import Facts


@dataclass(frozen=True, slots=True)
class Plan:
    """The course that a cut would take.

    Attributes:
        objections: everything that forbids it now; empty if it may be made.
        pods: those that would be displaced.
        notices_after: seconds of silence after which Kubernetes should give the machine up.
        evicts_after: seconds until the last pod that moves should be evicted; None if none is.
        warnings: what else its maker should know, as sentences.
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
    """The plan of a request that could be carried out; raises UnknownMachine, BadInput."""
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
        warnings=tuple(_warnings(pods, request.seconds, grace, evicts_after)),
    )


def _warnings(
    pods: tuple[Displaced, ...], seconds: float, grace: float, evicts_after: float | None
) -> Iterator[str]:
    if seconds < grace:
        yield (
            f"It ends after {seconds:g} s, before Kubernetes notices ({grace:g} s): nothing moves."
        )
    elif evicts_after is not None and seconds < evicts_after:
        yield (
            f"It ends after {seconds:g} s, before all pods are evicted ({evicts_after:g} s): some "
            "stay where they are."
        )
    for fate, what in (
        (Fate.LOST, "has no controller: once evicted, nobody makes it again"),
        (Fate.WAITS, "belongs to a StatefulSet: it waits until its machine is back"),
    ):
        for pod in pods:
            if pod.fate is fate:
                yield f"{pod.namespace}/{pod.name} {what}."
    for pod in pods:
        if pod.fate is Fate.MOVES and pod.toleration is None:
            yield f"{pod.namespace}/{pod.name} tolerates a lost machine for ever: it does not move."
