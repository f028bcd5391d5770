"""Decides whether a cut may happen. Every refusal names its rule, its facts and what to do.

    request ─► is it possible? ─► RULES, in order ─► the machine
                   └─ BadInput       └─ the first that forbids it: CutRefused

The guard changes nothing, so a check costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from chaosmonkey.config import Lab, Machine
from chaosmonkey.control.refusals import MachineRefused
from chaosmonkey.control.rules import MACHINE_RULES, RULES, Facts, Named, halted
from chaosmonkey.errors import BadInput, ChaosMonkeyError, UnknownMachine
from chaosmonkey.model import FeedKind, Node

NO_NODES: Mapping[str, Node] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CutRequest:
    """A request to turn off one feed of a machine for a number of seconds."""

    machine: str
    feed: FeedKind
    seconds: float
    by: str


def find_machine(lab: Lab, name: str, nodes: Mapping[str, Node] = NO_NODES) -> Machine:
    """The machine of that name, or whose node has it.

    Raises:
        UnknownMachine: there is none; the error says whether one of `nodes` has the name.
    """
    for machine in lab.machine:
        if name in (machine.name, machine.node_name):
            return machine
    node = nodes.get(name)
    rather = "" if node is None else _no_machine(node)
    raise UnknownMachine(name, (machine.name for machine in lab.machine), rather=rather)


def _no_machine(node: Node) -> str:
    if node.control_plane:
        return f"{node.name} runs the cluster's control plane: it has no plug and is never cut."
    return f"{node.name} is a node of the cluster, but has no plug here."


def check(request: CutRequest, lab: Lab, facts: Facts) -> Machine:
    """Return the machine if it may be cut now.

    Raises:
        UnknownMachine: no machine has that name.
        BadInput: it has no such plug, or the seconds are out of range.
        ClusterUnavailable: the cluster is out of sight, so the cut could not be measured.
        CutRefused: a rule forbids it.
    """
    machine = wanted(request, lab, facts.world.nodes)
    for rule in RULES:
        if refusal := rule(machine, lab, facts):
            raise refusal
    return machine


def check_not_halted(facts: Facts) -> None:
    """Raises Halted while HALT is active."""
    if refusal := halted(facts):
        raise refusal


def objections(machine: Named, lab: Lab, facts: Facts) -> list[ChaosMonkeyError]:
    """Everything that forbids a cut of a machine now, in the order of the rules."""
    return [refusal for rule in RULES if (refusal := rule(machine, lab, facts))]


def bar(machine: Named, lab: Lab, facts: Facts) -> MachineRefused | None:
    """The first rule that lastingly forbids cuts of this machine; None if no such rule does.

    It is the first MachineRefused among `objections`, without the work for all other rules.
    """
    for rule in MACHINE_RULES:
        if isinstance(refusal := rule(machine, lab, facts), MachineRefused):
            return refusal
    return None


def wanted(request: CutRequest, lab: Lab, nodes: Mapping[str, Node]) -> Machine:
    """The machine of a request that is possible at all; raises UnknownMachine, BadInput."""
    machine = find_machine(lab, request.machine, nodes)
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
    return machine
