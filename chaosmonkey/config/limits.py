"""What may be cut, how often, how long and when.

The docstring under a key is its documentation in docs/configuration.md; `control/rules.py` has
the rules.
"""

from __future__ import annotations

from datetime import time

from pydantic import Field, field_validator

from chaosmonkey.config.base import Section


def parse_span(text: str) -> tuple[time, time]:
    """Beginning and end of a span such as "22:00-07:00"; raises ValueError.

    An end at "24:00" is midnight, and so is one at "23:59": the minute is meant to be in it.
    """
    begin, dash, end = (part.strip() for part in text.partition("-"))
    try:
        if not dash:
            raise ValueError
        first = time.fromisoformat(begin)
        return first, time() if end in ("24:00", "23:59") else time.fromisoformat(end)
    except ValueError:
        raise ValueError('must be two times of day such as "22:00-07:00"') from None


class Limits(Section):
    """What the monkey may do. Times are seconds."""

    max_off: int = Field(default=1, ge=1)
    """How many machines may be off at once."""

    min_ready: int = Field(default=1, ge=0)
    """How many other machines must be Ready and take pods before one is cut."""

    protected: tuple[str, ...] = ()
    """Nodes that are never cut. Those of the control plane and this server's own never are."""

    protected_roles: tuple[str, ...] = ("etcd",)
    """Roles (labels node-role.kubernetes.io/ROLE) whose nodes are never cut."""

    min_seconds: float = Field(default=3.0, ge=0)
    """Shortest time that a machine stays off. Power supplies and SD cards want 3 s or more."""

    max_seconds: float = Field(default=3600.0, gt=0)
    """Longest time that anyone may ask for."""

    default_seconds: float | None = Field(default=None, gt=0)
    """How long a machine stays off if nobody says; the timing preset's value if not given."""

    own_node: str = ""
    """The node that this server runs on, which is never cut, if its host name does not say."""

    machine_cooldown: float = Field(default=10.0, ge=0)
    """How long a machine is left alone after it was restored."""

    cooldown: float = Field(default=2.0, ge=0)
    """How long after a cut began no other one, of whatever machine, may begin."""

    disarm_after: float = Field(default=600.0, gt=0)
    """How long after arming, or after the last cut, the table becomes safe by itself."""

    restore_stagger: float = Field(default=0.5, ge=0)
    """Pause between two machines that get their power back: starting ones draw more current."""

    quiet_hours: tuple[str, ...] = ()
    """Local times of day in which nothing is cut, such as ["22:00-07:00"]."""

    @field_validator("quiet_hours")
    @classmethod
    def _are_spans(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for span in value:
            parse_span(span)
        return value
