"""Build views from the model: pure functions, one for each kind of view."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from chaosmonkey.audience.rounds import Mode
from chaosmonkey.config import Lab
from chaosmonkey.control.cut import Cut
from chaosmonkey.control.feed_monitor import FeedMonitor
from chaosmonkey.control.refusals import MachineRefused, RuleRefused
from chaosmonkey.errors import ChaosMonkeyError, CutRefused
from chaosmonkey.hub.views import (
    ClusterView,
    DisplacedView,
    FeedView,
    LimitsView,
    MachineView,
    OutageView,
    PodState,
    PodView,
    RefusedView,
)
from chaosmonkey.model import FeedKind, Node, Outage, Pod
from chaosmonkey.outage import recovery
from chaosmonkey.outage.cluster_state import ClusterState
from chaosmonkey.outage.story import story
from chaosmonkey.outage.telling import Telling, summarize
from chaosmonkey.plugs import PlugBoard

BROKEN = frozenset({"CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff", "CreateContainerError"})
"""Waiting reasons of containers that will not start without a fix."""

NO_OBJECTIONS: Mapping[FeedKind, Collection[ChaosMonkeyError]] = MappingProxyType({})

FOUND_OFF = (
    "Its plug was off when this server started, and no known cut explains it. It was turned on."
)


def show_cluster(lab: Lab, world: ClusterState) -> ClusterView:
    """Build the view of the cluster."""
    stale, limits = world.stale, lab.limits
    return ClusterView(
        title=lab.title,
        stale_since=stale.at if stale is not None else None,
        why=stale.why if stale is not None else "",
        speed=lab.speed,
        preset=lab.timing.preset,
        notices_after=lab.preset.grace,
        default_off=lab.default_seconds,
        demo=lab.demo is not None,
        limits=LimitsView(
            max_off=limits.max_off,
            min_ready=limits.min_ready,
            min_seconds=limits.min_seconds,
            max_seconds=limits.max_seconds,
            machine_cooldown=limits.machine_cooldown,
            cooldown=limits.cooldown,
            disarm_after=limits.disarm_after,
            quiet_hours=limits.quiet_hours,
            protected=limits.protected,
            protected_roles=limits.protected_roles,
        ),
    )


def show_refusal(objections: Iterable[ChaosMonkeyError]) -> RefusedView | None:
    """Build the view of one objection to a cut; None if there is none.

    The first one about the machine itself, else the one about the table that lasts longest: the
    console must not offer the cut between the two.
    """
    found = list(objections)
    if not found:
        return None
    about_itself = (one for one in found if isinstance(one, MachineRefused))
    one = next(about_itself, None) or max(found, key=_lasts_until)
    until = _lasts_until(one)
    label = one.label if isinstance(one, CutRefused) else "cluster lost"
    return RefusedView(one.rule or "unavailable", label, None if until == math.inf else until)


def _lasts_until(objection: ChaosMonkeyError) -> float:
    until = objection.facts.get("allowed_at")
    return until if isinstance(until, float) else math.inf


def _news(objections: Iterable[ChaosMonkeyError]) -> Iterator[ChaosMonkeyError]:
    """Skip objections that a page already shows: HALT, arming, and what guards the machine."""
    return (one for one in objections if not (isinstance(one, RuleRefused) and one.in_show))


def show_machine(
    name: str,
    node_name: str,
    *,
    lab: Lab,
    node: Node | None,
    plugs: PlugBoard,
    cuts: Mapping[tuple[str, FeedKind], Cut],
    feed_monitor: FeedMonitor,
    cooldown_until: float | None,
    found_off: Collection[tuple[str, FeedKind]] = (),
    guard: RuleRefused | None = None,
    objections: Mapping[FeedKind, Collection[ChaosMonkeyError]] = NO_OBJECTIONS,
    clock_behind: float | None = None,
) -> MachineView:
    """Build the view of a machine, or of a node without a machine."""

    def feed(kind: FeedKind) -> FeedView | None:
        plug = plugs.get((name, kind))
        if plug is None:
            return None
        key = name, kind
        cut = cuts.get(key)
        refused = show_refusal(objections.get(kind, ()))
        if cut is None:
            finding = feed_monitor.finding(key) or (FOUND_OFF if key in found_off else "")
            return FeedView(
                plug.last, sensed=feed_monitor.state(key), finding=finding, refused=refused
            )
        return FeedView(
            plug.last,
            cut.stage,
            why=cut.why,
            restore_by=cut.entry.restore_by,
            trouble=cut.trouble,
            sensed=feed_monitor.state(key),
            refused=refused,
        )

    return MachineView(
        name=name,
        node=node_name,
        power=feed(FeedKind.POWER),
        network=feed(FeedKind.NETWORK),
        ready=node.ready if node is not None else None,
        reason=node.reason if node is not None else "",
        cordoned=node is not None and node.unschedulable,
        control_plane=node is not None and node.control_plane,
        guarded="" if guard is None else guard.label,
        rests_until=cooldown_until,
        place=next((at for at, one in enumerate(lab.machine, 1) if one.name == name), None),
        refused=show_refusal(_news(next(iter(objections.values()), ()))),
        clock=_clock(name, clock_behind),
    )


def _clock(name: str, behind: float | None) -> str:
    if behind is None:
        return ""
    return (
        f"{name} is up, but its clock is {behind:.0f} s behind, so Kubernetes ignores its "
        "heartbeats."
    )


def show_pod(pod: Pod, world: ClusterState) -> PodView:
    """Build the view of a pod."""
    workload = world.workload_of(pod)
    return PodView(
        uid=pod.uid,
        namespace=pod.namespace,
        name=pod.name,
        app=pod.app,
        workload="" if workload is None else f"{workload[1]}/{workload[2]}",
        node=pod.node,
        lineage=world.lineages.of(pod.uid),
        state=_pod_state(pod, world),
        reason=pod.unschedulable or pod.reason,
        restarts=pod.restarts,
    )


def _pod_state(pod: Pod, world: ClusterState) -> PodState:
    node = world.nodes.get(pod.node) if pod.node is not None else None
    match pod.phase:
        case "Succeeded":
            return "finished"
        case "Failed":
            return "failed"
        case _ if pod.deleting:
            return "terminating"
        case _ if pod.node is None:
            return "pending"
        case _ if pod.ready:
            return "ready"
        case _ if node is None or not node.is_ready:
            return "unreachable"
        case _ if pod.reason in BROKEN:
            return "failed"
        case _:
            return "starting"


def show_outage(outage: Outage) -> OutageView:
    """Build the view of an outage."""
    return OutageView(
        id=outage.id,
        machine=outage.machine,
        node=outage.node,
        origin=outage.origin,
        feed=outage.feed,
        by=outage.by,
        began=datetime.fromtimestamp(outage.t0, UTC).isoformat(timespec="milliseconds"),
        t0=outage.t0,
        t0_within=_round(outage.t0_within),
        clocked=outage.clocked,
        cause=outage.cause,
        restore_by=outage.restore_by,
        open=outage.closed is None,
        milestones={key: _round(at) for key, at in recovery.milestones(outage).items()},
        at_least={key: _round(at) for key, at in recovery.at_least(outage).items()},
        phases=recovery.rounded_phases(outage),
        phases_at_least={
            name: _round(seconds) for name, seconds in recovery.phases_at_least(outage).items()
        },
        phase=recovery.current_phase(outage),
        recovery_seconds=_maybe_round(recovery.recovery_time(outage)),
        recovery_at_least=_maybe_round(recovery.recovery_at_least(outage)),
        outcome=recovery.outcome(outage),
        awaited=len(recovery.awaited(outage)),
        story=story(outage),
        telling=_telling(outage),
        held=outage.held,
        blind=_round(outage.blind),
        interrupted=outage.interrupted,
        pods=tuple(
            DisplacedView(
                namespace=pod.namespace,
                name=pod.name,
                workload=pod.workload,
                lineage=pod.lineage,
                fate=pod.fate,
                why=recovery.explain(outage, pod),
                evicts_at=recovery.evicts_at(outage, pod),
                successor=pod.successor.name if pod.successor is not None else None,
                successor_node=pod.successor.node if pod.successor is not None else None,
                resolved=_maybe_round(pod.resolved - outage.t0 if pod.resolved else None),
            )
            for pod in outage.displaced
        ),
    )


def _telling(outage: Outage) -> Telling:
    telling = summarize(outage)
    if outage.by.partition(" ")[0] in [*Mode]:
        return replace(telling, who="Decided by the audience.")
    return telling


def _round(seconds: float) -> float:
    """Round to milliseconds: times of receipt are not more precise."""
    return round(seconds, 3)


def _maybe_round(seconds: float | None) -> float | None:
    return None if seconds is None else _round(seconds)
