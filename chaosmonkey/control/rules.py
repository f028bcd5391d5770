"""The rules of what may be cut: small functions that return a refusal or None.

A new rule is a function here, a class in `refusals` for its texts, and a line in RULES.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from chaosmonkey.config import Lab
from chaosmonkey.control import refusals
from chaosmonkey.control.quiet_hours import quiet_until
from chaosmonkey.control.safety import Safety
from chaosmonkey.errors import ChaosMonkeyError, ClusterUnavailable
from chaosmonkey.model import Node, Outage
from chaosmonkey.outage.cluster_state import ClusterState


class Named(Protocol):
    """A machine of the configuration, or a node that has none."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        ...

    @property
    def node_name(self) -> str:
        """The name of its node in Kubernetes."""
        ...


Refused = ChaosMonkeyError | None


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that the guard decides from.

    Attributes:
        off: machine → when it will be restored, if known.
        dark: machine → the feed that does not reach it although its plug is on.
        outages: the open outages.
        rested: machine → when it was last restored.
        last_cut: when a cut last began, on any machine.
        own_names: names and addresses of the machine that runs this server.
        watched: machine → until when an interrupted command of ours may still turn it off.
        unreadable: machine → what the plug to be cut reported instead of on or off.
    """

    world: ClusterState
    off: Mapping[str, float | None]
    outages: Mapping[str, Outage]
    now: float
    safety: Safety
    dark: Mapping[str, str] = field(default_factory=dict)
    last_restored: Mapping[str, float] = field(default_factory=dict)
    last_cut: float | None = None
    own_names: frozenset[str] = frozenset()
    watched: Mapping[str, float] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def node(self, machine: Named) -> Node | None:
        """The machine's node, if Kubernetes has it."""
        return self.world.nodes.get(machine.node_name)


def _halted(machine: Named, lab: Lab, facts: Facts) -> Refused:
    return halted(facts)


def halted(facts: Facts) -> refusals.Halted | None:
    """The refusal of everything while HALT is active."""
    safety = facts.safety
    if safety.halted is None:
        return None
    words = {"seconds": facts.now - safety.halted, "by": safety.halted_by}
    return refusals.Halted.of(words, since=safety.halted)


def _not_armed(machine: Named, lab: Lab, facts: Facts) -> Refused:
    return None if facts.safety.is_armed(facts.now) else refusals.NotArmed.of()


def _quiet(machine: Named, lab: Lab, facts: Facts) -> Refused:
    until = quiet_until(lab.limits.quiet_hours, facts.now)
    if until is None:
        return None
    minutes = round((until - facts.now) / 60)
    words = {
        "hours": ", ".join(lab.limits.quiet_hours),
        "left": f"{minutes // 60} h {minutes % 60} min",
    }
    return refusals.QuietHours.of(words, allowed_at=until)


def _protected(machine: Named, lab: Lab, facts: Facts) -> Refused:
    name, node = machine.name, facts.node(machine)
    if name in lab.limits.protected or machine.node_name in lab.limits.protected:
        return refusals.Protected.of({"machine": name}, machine=name)
    if node is None:
        return None
    if node.control_plane:
        return refusals.ControlPlane.of({"machine": name}, machine=name)
    if roles := sorted(node.roles.intersection(lab.limits.protected_roles)):
        return refusals.ProtectedRole.of({"machine": name, "role": roles[0]}, machine=name)
    return None


def _runs_this_server(machine: Named, lab: Lab, facts: Facts) -> Refused:
    node = facts.node(machine)
    addresses = node.addresses if node is not None else ()
    if facts.own_names.isdisjoint((machine.name, machine.node_name, *addresses)):
        return None
    return refusals.OwnMachine.of({"machine": machine.name}, machine=machine.name)


def _cluster_lost(machine: Named, lab: Lab, facts: Facts) -> Refused:
    stale = facts.world.stale
    if stale is None:
        return None
    return ClusterUnavailable(
        f"Lost contact with the cluster: {stale.why}.",
        remedy="A cut now could not be measured. Try again when the cluster is back.",
        since=stale.at,
    )


def _not_in_cluster(machine: Named, lab: Lab, facts: Facts) -> Refused:
    if facts.node(machine) is not None:
        return None
    words = {
        "machine": machine.name,
        "node": machine.node_name,
        "nodes": ", ".join(sorted(facts.world.nodes)) or "none",
    }
    return refusals.NotInCluster.of(words, machine=machine.name)


def _already_off(machine: Named, lab: Lab, facts: Facts) -> Refused:
    if machine.name not in facts.off:
        return None
    at = facts.off[machine.name]
    words = {"machine": machine.name, "on_again": _on_again(at, facts.now)}
    return refusals.AlreadyOff.of(words, machine=machine.name, allowed_at=at)


def _late_command(machine: Named, lab: Lab, facts: Facts) -> Refused:
    until = facts.watched.get(machine.name)
    if until is None:
        return None
    words = {"machine": machine.name, "seconds": _left(until, facts.now)}
    return refusals.LateCommand.of(words, machine=machine.name, allowed_at=until)


def _unreadable(machine: Named, lab: Lab, facts: Facts) -> Refused:
    remark = facts.unreadable.get(machine.name)
    if remark is None:
        return None
    words = {"machine": machine.name, "remark": remark}
    return refusals.Unreadable.of(words, machine=machine.name)


def _dark(machine: Named, lab: Lab, facts: Facts) -> Refused:
    feed = facts.dark.get(machine.name)
    if feed is None:
        return None
    return refusals.Dark.of({"machine": machine.name, "feed": feed}, machine=machine.name)


def _still_recovering(machine: Named, lab: Lab, facts: Facts) -> Refused:
    for outage in facts.outages.values():
        if outage.machine == machine.name:
            words = {"machine": machine.name, "outage": outage.id}
            return refusals.StillRecovering.of(words, **words)
    return None


def _not_ready(machine: Named, lab: Lab, facts: Facts) -> Refused:
    node = facts.node(machine)
    if node is None or node.is_ready:
        return None
    words = {"machine": machine.name, "reason": node.reason}
    return refusals.NotReady.of(words, machine=machine.name)


def _cooling_down(machine: Named, lab: Lab, facts: Facts) -> Refused:
    now, name = facts.now, machine.name
    restored = facts.last_restored.get(name)
    if restored is not None and now < (at := restored + lab.limits.machine_cooldown):
        words = {"machine": name, "ago": now - restored, "seconds": _left(at, now)}
        return refusals.CoolingDown.of(words, machine=name, allowed_at=at)
    if facts.last_cut is not None and now < (at := facts.last_cut + lab.limits.cooldown):
        words = {"machine": name, "ago": now - facts.last_cut, "seconds": _left(at, now)}
        return refusals.TooSoon.of(words, allowed_at=at)
    return None


def _too_many_off(machine: Named, lab: Lab, facts: Facts) -> Refused:
    off = sorted({*facts.off, *facts.dark})
    if len(off) < lab.limits.max_off:
        return None
    soonest = min((at for at in facts.off.values() if at is not None), default=None)
    words = {
        "off": ", ".join(off),
        "most": lab.limits.max_off,
        "on_again": _on_again(soonest, facts.now),
    }
    return refusals.TooManyOff.of(words, off=off, allowed_at=soonest)


def _too_few_ready(machine: Named, lab: Lab, facts: Facts) -> Refused:
    gone = {*facts.off, *facts.dark}
    off = {machine.node_name for machine in lab.machine if machine.name in gone}
    left = sorted(
        node.name
        for node in facts.world.nodes.values()
        if node.takes_pods and node.name != machine.node_name and node.name not in off
    )
    if len(left) >= lab.limits.min_ready:
        return None
    words = {
        "machine": machine.name,
        "count": len(left),
        "left": ", ".join(left) or "none",
        "least": lab.limits.min_ready,
    }
    return refusals.TooFewReady.of(words, machine=machine.name, left=left)


RULES: tuple[Callable[[Named, Lab, Facts], Refused], ...] = (
    _halted,
    _not_armed,
    _protected,
    _runs_this_server,
    _quiet,
    _cluster_lost,
    _not_in_cluster,
    _already_off,
    _late_command,
    _unreadable,
    _dark,
    _still_recovering,
    _not_ready,
    _cooling_down,
    _too_many_off,
    _too_few_ready,
)
"""All rules, in the order in which they are checked."""

MACHINE_RULES = (
    _protected,
    _runs_this_server,
    _not_in_cluster,
    _already_off,
    _dark,
    _still_recovering,
    _not_ready,
)
"""The rules that return a MachineRefused, in the same order. None of them depends on time."""


def guarding(machine: Named, lab: Lab, facts: Facts) -> refusals.RuleRefused | None:
    """What keeps a machine, or a node without a plug, from ever being cut; None if nothing does."""
    for rule in (_protected, _runs_this_server):
        if isinstance(refusal := rule(machine, lab, facts), refusals.RuleRefused):
            return refusal
    return None


def _on_again(restore_at: float | None, now: float) -> str:
    if restore_at is None:
        return "When it comes back on is not known."
    return f"It comes back on in {max(0.0, restore_at - now):.0f} s."


def _left(at: float, now: float) -> float:
    return max(1.0, at - now)
