"""May this cut happen? Every refusal names its rule, its facts and what to do.

The guard decides from what is known and changes nothing, so that asking is free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chaosmonkey.config import Lab, Machine
from chaosmonkey.errors import BadInput, ClusterUnavailable, CutRefused, UnknownMachine
from chaosmonkey.model import FeedKind, Outage
from chaosmonkey.outage.world import World


@dataclass(frozen=True, slots=True)
class CutRequest:
    """What somebody wants: this feed of this machine off, for so many seconds."""

    machine: str
    feed: FeedKind
    seconds: float
    by: str


class Protected(CutRefused):
    """The machine is on the list of those that are never cut."""

    rule = "protected"


class ControlPlane(CutRefused):
    """The machine runs the control plane: without it nothing would be rescheduled."""

    rule = "control-plane"


class NotInCluster(CutRefused):
    """Kubernetes does not know the machine, so there is nothing to see or to measure."""

    rule = "not-in-cluster"


class NotReady(CutRefused):
    """Kubernetes has given the machine up already: a cut would change nothing."""

    rule = "not-ready"


class AlreadyOff(CutRefused):
    """One of the machine's feeds is off already."""

    rule = "already-off"


class StillRecovering(CutRefused):
    """The machine's last outage has not ended yet."""

    rule = "still-recovering"


class TooManyOff(CutRefused):
    """As many machines are off as may be at once."""

    rule = "max-off"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guard decides from.

    Attributes:
        off: machine → when it will be restored, if known.
        outages: the open outages.
    """

    world: World
    off: Mapping[str, float | None]
    outages: Mapping[str, Outage]
    now: float


def find_machine(lab: Lab, name: str) -> Machine:
    """The machine of that name, or whose node has it; raises UnknownMachine."""
    for machine in lab.machine:
        if name in (machine.name, machine.node_name):
            return machine
    raise UnknownMachine(name, (machine.name for machine in lab.machine))


def check(request: CutRequest, lab: Lab, facts: Facts) -> Machine:
    """Return the machine if it may be cut now.

    Raises:
        UnknownMachine: nobody has that name.
        BadInput: it has no such plug, or the seconds are out of range.
        ClusterUnavailable: what happens could not be seen.
        CutRefused: a rule forbids it.
    """
    machine = find_machine(lab, request.machine)
    _check_request(request, machine, lab)
    _check_protection(machine, lab, facts)
    _check_cluster(machine, facts)
    _check_others(machine, lab, facts)
    return machine


def _check_request(request: CutRequest, machine: Machine, lab: Lab) -> None:
    if machine.plug(request.feed) is None:
        has = [feed for feed in FeedKind if machine.plug(feed) is not None]
        raise BadInput(
            f"{machine.name} has no {request.feed} plug.",
            remedy=f"It has: {', '.join(has) or 'none'}. Plugs are added in its [[machine]].",
            machine=machine.name,
        )
    limits = lab.limits
    if not limits.min_seconds <= request.seconds <= limits.max_seconds:
        raise BadInput(
            f"A machine cannot be off for {request.seconds:g} s.",
            remedy=f"Ask for {limits.min_seconds:g} to {limits.max_seconds:g} s with ?for=SECONDS.",
            seconds=request.seconds,
        )


def _check_protection(machine: Machine, lab: Lab, facts: Facts) -> None:
    if {machine.name, machine.node_name} & set(lab.limits.protected):
        raise Protected(
            f"{machine.name} is protected.",
            remedy="It is on the list limits.protected of the configuration.",
            machine=machine.name,
        )
    node = facts.world.nodes.get(machine.node_name)
    if node is not None and node.control_plane:
        raise ControlPlane(
            f"{machine.name} runs the control plane; without it nobody could reschedule anything.",
            remedy="Cut a worker.",
            machine=machine.name,
        )


def _check_cluster(machine: Machine, facts: Facts) -> None:
    if facts.world.stale is not None:
        raise ClusterUnavailable(
            f"The cluster is not being seen: {facts.world.stale.why}.",
            remedy="A cut now could not be measured. Try again when the cluster is back.",
            since=facts.world.stale.at,
        )
    if machine.node_name not in facts.world.nodes:
        known = ", ".join(sorted(facts.world.nodes)) or "none"
        raise NotInCluster(
            f"Kubernetes has no node called '{machine.node_name}'.",
            remedy=f"Set `node` in the [[machine]] of {machine.name}. Nodes: {known}.",
            machine=machine.name,
        )


def _check_others(machine: Machine, lab: Lab, facts: Facts) -> None:
    if machine.name in facts.off:
        raise AlreadyOff(
            f"{machine.name} is off already.",
            remedy=_when(facts.off[machine.name], facts.now)
            + f" To end it now: /restore/{machine.name}.",
            machine=machine.name,
        )
    for outage in facts.outages.values():
        if outage.machine == machine.name:
            raise StillRecovering(
                f"{machine.name}'s last outage ({outage.id}) has not ended yet.",
                remedy="Wait until its node is Ready again and its old pods are gone.",
                machine=machine.name,
                outage=outage.id,
            )
    node = facts.world.nodes[machine.node_name]
    if not node.is_ready:
        raise NotReady(
            f"{machine.name} is not Ready ({node.reason}), so there would be nothing to measure.",
            remedy="Wait until its node is Ready.",
            machine=machine.name,
        )
    if len(facts.off) >= lab.limits.max_off:
        soonest = min((at for at in facts.off.values() if at is not None), default=None)
        raise TooManyOff(
            f"Off now: {', '.join(sorted(facts.off))}. "
            f"Only {lab.limits.max_off} may be off at once.",
            remedy=_when(soonest, facts.now) + " Or raise limits.max_off in the configuration.",
            off=sorted(facts.off),
        )


def _when(restore_at: float | None, now: float) -> str:
    if restore_at is None:
        return "Nobody knows when it will be on again."
    return f"It will be on again in {max(0.0, restore_at - now):.0f} s."
