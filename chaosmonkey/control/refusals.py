"""Every reason why a cut may be refused: one class a rule, each with its name.

All are CutRefused; where it is known, the fact `allowed_at` says from when on the rule no longer
forbids it (seconds since 1970).
"""

from __future__ import annotations

from chaosmonkey.errors import CutRefused


class Halted(CutRefused):
    """HALT was pressed and nobody has released it."""

    rule = "halted"


class HaltKept(CutRefused):
    """HALT cannot be released: the big red button is in, or cannot be read."""

    title = "HALT kept"
    rule = "halt-kept"


class NotArmed(CutRefused):
    """The table is safe: somebody has to arm it first."""

    rule = "not-armed"


class QuietHours(CutRefused):
    """At this time of day nothing is cut."""

    rule = "quiet-hours"


class Protected(CutRefused):
    """The machine, or its role, is on a list of what is never cut."""

    rule = "protected"


class ControlPlane(CutRefused):
    """The machine runs the control plane: without it nothing would be rescheduled."""

    rule = "control-plane"


class OwnMachine(CutRefused):
    """The machine runs this server: nobody would be left to restore it."""

    rule = "own-machine"


class NotInCluster(CutRefused):
    """Kubernetes does not know the machine, so there is nothing to see or to measure."""

    rule = "not-in-cluster"


class NotReady(CutRefused):
    """Kubernetes has given the machine up already: a cut would change nothing."""

    rule = "not-ready"


class AlreadyOff(CutRefused):
    """One of the machine's feeds is off already."""

    rule = "already-off"


class LateCommand(CutRefused):
    """The machine is on, but an earlier command to turn it off may still be on its way."""

    rule = "late-command"


class Unreadable(CutRefused):
    """The machine's plug cannot be read, so that nothing could prove it restored."""

    rule = "unreadable"


class Dark(CutRefused):
    """One of the machine's feeds does not arrive, though its plug is on."""

    rule = "dark"


class StillRecovering(CutRefused):
    """The machine's last outage has not ended yet."""

    rule = "still-recovering"


class TooManyOff(CutRefused):
    """As many machines are off as may be at once."""

    rule = "max-off"


class TooFewReady(CutRefused):
    """Too few Ready machines would be left to take the pods."""

    rule = "min-ready"


class CoolingDown(CutRefused):
    """The machine was given its power back a moment ago."""

    rule = "machine-cooldown"


class TooSoon(CutRefused):
    """The last cut, of whatever machine, was a moment ago."""

    rule = "cooldown"


class EndedFirst(CutRefused):
    """Somebody restored the machine, or pressed HALT, before its plug was opened."""

    rule = "ended-first"
