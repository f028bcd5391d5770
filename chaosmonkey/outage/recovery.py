"""Derives from an outage what people want to know: milestones, phases, the outcome, and why.

    t0 ──detect──► not ready ──evict──► last evicted ──reschedule──► last bound ──ready──► recovered

Phases are differences of milestones from one t0, so they add up to the recovery time. A milestone
that did not happen, or that we learned of late, is absent: its time belongs to the next phase.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Literal

from chaosmonkey.model import Clocked, Displaced, Fate, Origin, Outage, Outcome, Successor
from chaosmonkey.outage.blindness import earliest

Phase = Literal["detect", "evict", "reschedule", "ready"]

PHASES: tuple[Phase, ...] = ("detect", "evict", "reschedule", "ready")
"""Names of the phases, in order; each ends with the milestone of the same index below."""

_PHASE_ENDS = ("not_ready", "evicting_last", "scheduled", "recovered")


def milestones(outage: Outage) -> dict[str, float]:
    """Seconds from t0 to each milestone that happened, in their usual order.

    The clock of a commanded outage starts when its feed was cut ("cut"), that of an observed one
    when a sensor lost its feed ("lost"), or at the machine's last sign of life ("last_seen").
    """
    return {name: at - outage.t0 for name, at in _moments(outage).items()}


def at_least(outage: Outage) -> dict[str, float]:
    """Seconds from the loss to each milestone that may have taken less than `milestones` says.

    It took less if the machine was lost after t0, or if we learned of the milestone late.
    """
    begins = ("commanded", _first_milestone(outage))
    least = {
        name: max(0.0, earliest(outage, at, ours=name == "restored") - outage.t0 - outage.t0_within)
        for name, at in _moments(outage).items()
        if name not in begins
    }
    most = milestones(outage)
    return {name: seconds for name, seconds in least.items() if seconds < most[name]}


def recovery_at_least(outage: Outage) -> float | None:
    """The least time, in seconds, that the recovery took; None if there is none, or it is exact."""
    return at_least(outage).get("recovered")


def _moments(outage: Outage) -> dict[str, float]:
    pods = awaited(outage)
    moments: dict[str, float | None] = {
        "commanded": outage.commanded,
        _first_milestone(outage): outage.t0,
        "not_ready": outage.not_ready,
        "tainted": outage.tainted,
        "evicting_first": _first(pod.evicted for pod in pods),
        "evicting_last": _last(pods, lambda pod: pod.evicted),
        "successor_created": _first(_successor_moment(pod, "created") for pod in pods),
        "scheduled": _last(pods, lambda pod: _successor_moment(pod, "scheduled")),
        "recovered": outage.recovered,
        "whole": outage.whole,
        "restored": outage.restored,
        "rejoined": outage.rejoined,
        "cleaned": outage.cleaned,
    }
    return {name: at for name, at in moments.items() if at is not None}


def phases(outage: Outage) -> dict[str, float]:
    """Seconds that each phase took. They add up to the milestone of the last one.

    A milestone before the previous one, or after the recovery, ends no phase, because it was not
    what the recovery waited for. Nor does one that we learned of late: its moment is unknown.
    """
    moments = _moments(outage)
    late = {name for name, at in moments.items() if earliest(outage, at) < at}
    passed = milestones(outage)
    last = passed.get("recovered", math.inf)
    durations: dict[str, float] = {}
    before = 0.0
    for phase, end in zip(PHASES, _PHASE_ENDS, strict=True):
        at = passed.get(end)
        known = phase == PHASES[-1] or end not in late
        if at is not None and before <= at <= last and known:
            durations[phase] = at - before
            before = at
    return durations


def phases_at_least(outage: Outage) -> dict[str, float]:
    """The least time, in seconds, of each phase whose duration is not known exactly.

    If the milestone of one phase came at an unknown moment, the next phase includes its time. It
    took at least what is left after the latest possible moment of that milestone.
    """
    moments, least = _moments(outage), dict[str, float]()
    known = phases(outage)
    begins, within = outage.t0, outage.t0_within  # of the phase at hand: at the latest, how exact
    for phase, end in zip(PHASES, _PHASE_ENDS, strict=True):
        at = moments.get(end)
        if at is None or at < begins:
            continue
        first = earliest(outage, at)
        if phase in known:
            seconds = max(0.0, first - begins - within)
            if seconds < known[phase]:
                least[phase] = seconds
        begins, within = at, 0.0
    return least


def rounded_phases(outage: Outage) -> dict[str, float]:
    """The phases to the millisecond, rounded so that they still add up to the rounded total."""
    rounded: dict[str, float] = {}
    end = shown = 0.0
    for phase, seconds in phases(outage).items():
        end += seconds
        rounded[phase] = round(round(end, 3) - shown, 3)
        shown = round(end, 3)
    return rounded


def current_phase(outage: Outage) -> Phase | None:
    """The phase under way; None when the recovery is over or will not come."""
    if outage.recovered is not None or outcome(outage) is not None:
        return None
    if not awaited(outage) and outage.not_ready is not None:
        return None
    passed = milestones(outage)
    reached = [index for index, end in enumerate(_PHASE_ENDS) if end in passed]
    return PHASES[max(reached, default=-1) + 1]


def recovery_time(outage: Outage) -> float | None:
    """Seconds from t0 until every displaced pod that moves had a Ready successor.

    The true time is up to `t0_within` seconds shorter.
    """
    return None if outage.recovered is None else outage.recovered - outage.t0


def outcome(outage: Outage) -> Outcome | None:
    """How it ended; None while that is open."""
    if outage.rejoined is not None and outage.not_ready is None:
        return Outcome.UNNOTICED
    if outage.interrupted:  # what followed is unknown; what was reached before stands
        return Outcome.ABORTED if outage.recovered is None else Outcome.RECOVERED
    if outage.closed is not None and unresolved(outage):
        return Outcome.INCOMPLETE
    if outage.recovered is not None or outage.closed is not None:
        return Outcome.RECOVERED
    return None


def unresolved(outage: Outage) -> list[Displaced]:
    """The displaced pods that should be replaced and are not."""
    expected = (Fate.MOVES, Fate.WAITS)
    return [pod for pod in outage.displaced if pod.fate in expected and pod.resolved is None]


def evicts_at(outage: Outage, pod: Displaced) -> float | None:
    """The moment when Kubernetes will evict a pod: the taint plus the time the pod tolerates it.

    None when it was evicted already, is not tainted yet, or tolerates it indefinitely.
    """
    if outage.tainted is None or pod.toleration is None or pod.evicted is not None:
        return None
    return outage.tainted + pod.toleration


def explain(outage: Outage, pod: Displaced) -> str:
    """Why a displaced pod is where it is, for people who do not know Kubernetes."""
    successor = pod.successor
    if successor is not None:
        return _explain_successor(successor)
    if pod.finished is not None:
        return "ran to completion"
    if pod.returned is not None:
        return "came back with its machine"
    if pod.unneeded is not None:
        return "no longer needed: its workload has all the pods it wants"
    match pod.fate:
        case Fate.STAYS:
            by = " (DaemonSet)" if pod.kind == "DaemonSet" else ""
            return f"tied to its machine{by}: it is not replaced elsewhere"
        case Fate.LOST if pod.evicted is not None:
            return "no controller: it was evicted and is not recreated"
        case Fate.WAITS if pod.evicted is not None and pod.gone is None:
            return f"its {pod.kind} waits until the machine is back and the old pod is gone"
        case _ if pod.evicted is not None:
            return "evicted; its controller has not created a replacement yet"
        case _ if outage.not_ready is None:
            return "Kubernetes has not noticed yet that the machine is gone"
        case _ if outage.held:
            return outage.held
        case _ if pod.toleration is None:
            return "tolerates a lost machine indefinitely: it is not evicted"
        case _:
            return f"tolerates a lost machine for {pod.toleration:g} s"


def _explain_successor(successor: Successor) -> str:
    name, node = successor.name, successor.node
    if node is None:
        why = f": {successor.waiting}" if successor.waiting else ", not yet scheduled"
        return f"{name} is Pending{why}"
    if successor.ready is None:
        # "FailedAttachVolume: Multi-Attach error for …" explains more than "ContainerCreating".
        why = successor.warned or successor.waiting
        return f"{name} is starting on {node}" + (f": {why}" if why else "")
    return f"replaced by {name} on {node}"


def _first_milestone(outage: Outage) -> str:
    if outage.origin is Origin.COMMANDED:
        return "cut"
    return "lost" if outage.clocked is Clocked.SENSOR else "last_seen"


def awaited(outage: Outage) -> tuple[Displaced, ...]:
    """The pods that make up the recovery: those that move, or else those that wait."""
    return outage.moving or tuple(pod for pod in outage.displaced if pod.fate is Fate.WAITS)


def nothing_moves(outage: Outage) -> bool:
    """Whether it displaced pods and none can move, so that they wait for the machine's return."""
    return bool(outage.displaced) and not outage.moving


def unschedulable_pods(outage: Outage) -> list[Displaced]:
    """The displaced pods whose successor the scheduler cannot place."""
    return [
        pod
        for pod in outage.displaced
        if pod.successor is not None and pod.successor.node is None and pod.successor.waiting
    ]


def _successor_moment(pod: Displaced, name: Literal["created", "scheduled"]) -> float | None:
    return None if pod.successor is None else getattr(pod.successor, name)


def _first(moments: Iterable[float | None]) -> float | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _last(
    pods: Iterable[Displaced], moment_of: Callable[[Displaced], float | None]
) -> float | None:
    """The last moment, once every pod has one or ended well without it."""
    moments = []
    for pod in pods:
        moment = moment_of(pod)
        if moment is not None:
            moments.append(moment)
        elif pod.finished is None and pod.returned is None and pod.unneeded is None:
            return None
    return max(moments, default=None)
