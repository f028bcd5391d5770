"""The texts of every rule that may refuse a cut, in one table.

A class is a row: the rule's name, its label on a button, its message and remedy for those who can
act on it, and its sentence for an audience. `rules.py` decides when it applies. The fact
`allowed_at` gives the moment from which the rule no longer forbids the cut (seconds since 1970),
where that is known.
"""

from __future__ import annotations

from typing import ClassVar

from chaosmonkey.errors import CutRefused
from chaosmonkey.outage.ending import SETTLE


class RuleRefused(CutRefused):
    """A refusal by one of the rules below.

    Attributes:
        in_show: whether pages already show it, as part of the safety switch or of a guarded
            machine.
    """

    in_show: ClassVar[bool] = False


class MachineRefused(RuleRefused):
    """A lasting refusal of one machine, so that an audience cannot choose it.

    The other rules concern the whole table or pass in a moment: they refuse a press, not a vote.
    """

    hall_remedy = "Choose another machine."


class Halted(RuleRefused):
    """HALT was pressed and has not been released."""

    rule = "halted"
    label = "HALT"
    says = "HALT is active: {by} triggered it {seconds:.0f} s ago."
    advice = "When it is safe, release it on the console, or with curl -X POST …/release."
    hall = "HALT is active."
    in_show = True


class HaltKept(RuleRefused):
    """HALT cannot be released: the big red button is pressed, or cannot be read."""

    title = "HALT cannot be released"
    rule = "halt-kept"
    label = "HALT"
    says = "{why}"
    advice = "Twist the red button until it pops out, or repair its line, then release HALT."
    hall = "HALT is active."


class NotArmed(RuleRefused):
    """The table is safe: the presenter must arm it first."""

    rule = "not-armed"
    label = "safe"
    says = "Not armed: cuts are disabled."
    advice = "Arm it first: key A on the console, or curl -X POST …/arm."
    hall = "The presenter has not armed the table yet."
    in_show = True


class QuietHours(RuleRefused):
    """No cuts at this time of day."""

    rule = "quiet-hours"
    label = "quiet hours"
    says = "Quiet hours are in effect ({hours})."
    advice = "They end in {left}. They are set in limits.quiet_hours."
    hall = "Quiet hours are in effect."


class Protected(MachineRefused):
    """The machine is on the list of protected ones."""

    rule = "protected"
    label = "protected"
    says = "{machine} is protected."
    advice = "It is listed in limits.protected in the configuration."
    in_show = True


class ProtectedRole(Protected):
    """The machine has a protected role."""

    label = "protected role"
    says = "{machine} has the role {role}, which is protected."
    advice = "It is listed in limits.protected_roles in the configuration."


class ControlPlane(MachineRefused):
    """The machine runs the control plane: without it nothing would be rescheduled."""

    rule = "control-plane"
    label = "control plane"
    says = "{machine} runs the control plane. Without it, nothing is rescheduled."
    advice = "Cut a worker."
    in_show = True


class OwnMachine(MachineRefused):
    """The machine runs this server, which must stay up to restore it."""

    rule = "own-machine"
    label = "runs this server"
    says = "{machine} runs this server. Without power, it could not restore anything."
    advice = "Cut another machine, or run this server on the control plane."
    in_show = True


class NotInCluster(MachineRefused):
    """Kubernetes has no node of this machine, so there is nothing to measure."""

    rule = "not-in-cluster"
    label = "not in the cluster"
    says = "Kubernetes has no node called '{node}'."
    advice = "Set `node` in the [[machine]] of {machine}. Nodes: {nodes}."


class AlreadyOff(MachineRefused):
    """One of the machine's feeds is off already."""

    rule = "already-off"
    label = "off"
    says = "{machine} is off already."
    advice = "{on_again} To restore it now: /restore/{machine}."


class LateCommand(RuleRefused):
    """The machine is on, but an earlier command to turn it off may still be on its way."""

    rule = "late-command"
    label = "earlier cut pending"
    says = "An earlier command to turn {machine} off may still reach its device."
    advice = "{machine} may be cut again in {seconds:.0f} s."


class Unreadable(RuleRefused):
    """The machine's plug cannot be read, so a restore could not be verified."""

    rule = "unreadable"
    label = "plug unknown"
    says = "{machine}'s plug reads neither on nor off, so a restore could not be verified. {remark}"
    advice = "Check the device and its answer: chaosmonkey plugs read."


class Dark(MachineRefused):
    """One of the machine's feeds does not reach it although its plug is on."""

    rule = "dark"
    label = "feed lost"
    says = "No {feed} reaches {machine}, though its plug is on."
    advice = "Check its plug, its cable and its supply."


class StillRecovering(MachineRefused):
    """The machine's last outage has not ended yet."""

    rule = "still-recovering"
    label = "recovering"
    says = "{machine}'s last outage ({outage}) has not ended yet."
    advice = (
        "Wait until its node is Ready and its old pods are gone; if Kubernetes did not notice the "
        f"outage, {SETTLE:g} s more."
    )
    hall = "The last outage is not over yet."


class NotReady(MachineRefused):
    """Kubernetes already considers the machine lost: a cut would change nothing."""

    rule = "not-ready"
    label = "not Ready"
    says = "{machine} is not Ready ({reason}), so there would be nothing to measure."
    advice = "Wait until its node is Ready."


class TooManyOff(RuleRefused):
    """As many machines are off as are allowed at once."""

    rule = "max-off"
    label = "another is off"
    says = "Off now: {off}. At most {most} may be off at once."
    advice = "{on_again} The limit is limits.max_off."


class TooFewReady(RuleRefused):
    """Too few Ready machines would be left to take the pods."""

    rule = "min-ready"
    label = "too few left"
    says = (
        "Without {machine}, only {count} Ready machines would be left for its pods ({left}). "
        "At least {least} must remain."
    )
    advice = "Wait until more are Ready, or lower limits.min_ready in the configuration."


class CoolingDown(RuleRefused):
    """The machine was restored a moment ago."""

    rule = "machine-cooldown"
    label = "cooling down"
    says = "{machine} was restored {ago:.0f} s ago."
    advice = "{machine} may be cut again in {seconds:.0f} s."
    hall = "The last cut was only a moment ago."


class TooSoon(CoolingDown):
    """The last cut, of any machine, was a moment ago."""

    rule = "cooldown"
    says = "The last cut was {ago:.0f} s ago."


class EndedFirst(RuleRefused):
    """The machine was restored, or HALT was pressed, before its plug was opened."""

    rule = "ended-first"
    label = "restored"
    says = "{machine} was {was}: {first}."
    advice = "Try again if you still want it."
