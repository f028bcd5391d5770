"""The rules of what may be cut: a table of small functions, each gives its refusal or None.

A new rule is a function here, a class in `refusals`, and a line in RULES.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chaosmonkey.config import Lab, Machine
from chaosmonkey.control import refusals
from chaosmonkey.control.quiet_hours import quiet_until
from chaosmonkey.control.safety import Safety
from chaosmonkey.errors import ChaosMonkeyError, ClusterUnavailable
from chaosmonkey.model import Node, Outage
from chaosmonkey.outage.cluster_state import ClusterState


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guard decides from.

    Attributes:
        off: machine → when it will be restored, if known.
        dark: machine → the feed that does not arrive there although its plug is on.
        outages: the open outages.
        rested: machine → when it was last restored.
        last_cut: when a cut last began, of whatever machine.
        own: names and addresses of the machine that runs this server.
        watched: machine → until when a command of ours that was cut short may still turn it off.
        unreadable: machine → what its plug told, the one that is to be cut, instead of on or off.
    """

    world: ClusterState
    off: Mapping[str, float | None]
    outages: Mapping[str, Outage]
    now: float
    safety: Safety
    dark: Mapping[str, str] = field(default_factory=dict)
    rested: Mapping[str, float] = field(default_factory=dict)
    last_cut: float | None = None
    own: frozenset[str] = frozenset()
    watched: Mapping[str, float] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def node(self, machine: Machine) -> Node | None:
        """What Kubernetes believes about a machine, if it knows it."""
        return self.world.nodes.get(machine.node_name)


def _halted(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    return halted(facts)


def halted(facts: Facts) -> refusals.Halted | None:
    """The refusal of everything while HALT holds."""
    safety = facts.safety
    if safety.halted is None:
        return None
    return refusals.Halted(
        f"HALT holds since {facts.now - safety.halted:.0f} s, pressed by {safety.halted_by}.",
        remedy="When all is well: release it on the console, or with curl -X POST …/release.",
        since=safety.halted,
    )


def _not_armed(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    if facts.safety.is_armed(facts.now):
        return None
    return refusals.NotArmed(
        "The table is safe: nothing is cut.",
        remedy="Arm it first: key A on the console, or curl -X POST …/arm.",
    )


def _quiet(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    until = quiet_until(lab.limits.quiet_hours, facts.now)
    if until is None:
        return None
    return refusals.QuietHours(
        f"These are quiet hours ({', '.join(lab.limits.quiet_hours)}).",
        remedy=_from(until, facts.now) + " They are set in limits.quiet_hours.",
        allowed_at=until,
    )


def _protected(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    if {machine.name, machine.node_name} & set(lab.limits.protected):
        return refusals.Protected(
            f"{machine.name} is protected.",
            remedy="It is on the list limits.protected of the configuration.",
            machine=machine.name,
        )
    node = facts.node(machine)
    if node is not None and node.control_plane:
        return refusals.ControlPlane(
            f"{machine.name} runs the control plane; without it nobody could reschedule anything.",
            remedy="Cut a worker.",
            machine=machine.name,
        )
    roles = sorted(node.roles & set(lab.limits.protected_roles)) if node is not None else []
    if roles:
        return refusals.Protected(
            f"{machine.name} has the role {roles[0]}, which is protected.",
            remedy="It is on the list limits.protected_roles of the configuration.",
            machine=machine.name,
        )
    return None


def _own(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    node = facts.node(machine)
    known_as = {machine.name, machine.node_name, *(node.addresses if node is not None else ())}
    if not known_as & facts.own:
        return None
    return refusals.OwnMachine(
        f"{machine.name} runs this server; nobody would be left to give it its power back.",
        remedy="Cut another one, or run this server on the control plane.",
        machine=machine.name,
    )


def _blind(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    stale = facts.world.stale
    if stale is None:
        return None
    return ClusterUnavailable(
        f"The cluster is not being seen: {stale.why}.",
        remedy="A cut now could not be measured. Try again when the cluster is back.",
        since=stale.at,
    )


def _not_in_cluster(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    if facts.node(machine) is not None:
        return None
    known = ", ".join(sorted(facts.world.nodes)) or "none"
    return refusals.NotInCluster(
        f"Kubernetes has no node called '{machine.node_name}'.",
        remedy=f"Set `node` in the [[machine]] of {machine.name}. Nodes: {known}.",
        machine=machine.name,
    )


def _already_off(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    if machine.name not in facts.off:
        return None
    restored_at = facts.off[machine.name]
    return refusals.AlreadyOff(
        f"{machine.name} is off already.",
        remedy=_on_again(restored_at, facts.now) + f" To end it now: /restore/{machine.name}.",
        machine=machine.name,
        allowed_at=restored_at,
    )


def _watched(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    until = facts.watched.get(machine.name)
    if until is None:
        return None
    return refusals.LateCommand(
        f"An earlier command to turn {machine.name} off may still arrive at its device.",
        remedy=_may_be_cut_again(machine.name, until, facts.now),
        machine=machine.name,
        allowed_at=until,
    )


def _unreadable(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    remark = facts.unreadable.get(machine.name)
    if remark is None:
        return None
    return refusals.Unreadable(
        f"{machine.name}'s plug says neither on nor off: it could not be proven restored. "
        f"{remark}".rstrip(),
        remedy="Look at the device, and at what it answers: chaosmonkey plugs read.",
        machine=machine.name,
    )


def _dark(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    feed = facts.dark.get(machine.name)
    if feed is None:
        return None
    return refusals.Dark(
        f"No {feed} arrives at {machine.name}, though its plug is on.",
        remedy="Look at its plug, its cable and its supply.",
        machine=machine.name,
    )


def _still_recovering(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    for outage in facts.outages.values():
        if outage.machine == machine.name:
            return refusals.StillRecovering(
                f"{machine.name}'s last outage ({outage.id}) has not ended yet.",
                remedy="Wait until its node is Ready again and its old pods are gone.",
                machine=machine.name,
                outage=outage.id,
            )
    return None


def _not_ready(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    node = facts.node(machine)
    if node is None or node.is_ready:
        return None
    return refusals.NotReady(
        f"{machine.name} is not Ready ({node.reason}), so there would be nothing to measure.",
        remedy="Wait until its node is Ready.",
        machine=machine.name,
    )


def _cooling_down(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    rested = facts.rested.get(machine.name)
    if rested is not None and facts.now < (at := rested + lab.limits.machine_cooldown):
        return refusals.CoolingDown(
            f"{machine.name} was restored {facts.now - rested:.0f} s ago.",
            remedy=_may_be_cut_again(machine.name, at, facts.now),
            machine=machine.name,
            allowed_at=at,
        )
    if facts.last_cut is not None and facts.now < (at := facts.last_cut + lab.limits.cooldown):
        return refusals.TooSoon(
            f"The last cut was {facts.now - facts.last_cut:.0f} s ago.",
            remedy=_may_be_cut_again(machine.name, at, facts.now),
            allowed_at=at,
        )
    return None


def _too_many_off(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    off = sorted({*facts.off, *facts.dark})
    if len(off) < lab.limits.max_off:
        return None
    soonest = min((at for at in facts.off.values() if at is not None), default=None)
    return refusals.TooManyOff(
        f"Off now: {', '.join(off)}. Only {lab.limits.max_off} may be off at once.",
        remedy=_on_again(soonest, facts.now) + " Or raise limits.max_off in the configuration.",
        off=off,
        allowed_at=soonest,
    )


def _too_few_ready(machine: Machine, lab: Lab, facts: Facts) -> ChaosMonkeyError | None:
    gone = {*facts.off, *facts.dark}
    off = {machine.node_name for machine in lab.machine if machine.name in gone}
    left = [
        node.name
        for node in facts.world.nodes.values()
        if node.takes_pods and node.name != machine.node_name and node.name not in off
    ]
    if len(left) >= lab.limits.min_ready:
        return None
    return refusals.TooFewReady(
        f"Without {machine.name} {len(left)} Ready machines would be left to take its pods "
        f"({', '.join(sorted(left)) or 'none'}); {lab.limits.min_ready} must be.",
        remedy="Wait until more are Ready, or lower limits.min_ready in the configuration.",
        machine=machine.name,
        left=sorted(left),
    )


Rule = Callable[[Machine, Lab, Facts], ChaosMonkeyError | None]

RULES: tuple[Rule, ...] = (
    _halted,
    _not_armed,
    _protected,
    _own,
    _quiet,
    _blind,
    _not_in_cluster,
    _already_off,
    _watched,
    _unreadable,
    _dark,
    _still_recovering,
    _not_ready,
    _cooling_down,
    _too_many_off,
    _too_few_ready,
)
"""All rules, in the order in which they are asked."""


def _on_again(restore_at: float | None, now: float) -> str:
    if restore_at is None:
        return "Nobody knows when it will be on again."
    return f"It will be on again in {max(0.0, restore_at - now):.0f} s."


def _may_be_cut_again(machine: str, at: float, now: float) -> str:
    return f"{machine} may be cut again in {max(1.0, at - now):.0f} s."


def _from(at: float, now: float) -> str:
    minutes = round((at - now) / 60)
    return f"They end in {minutes // 60} h {minutes % 60} min."
