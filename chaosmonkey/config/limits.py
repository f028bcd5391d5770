"""Limits: what may be cut, how often, for how long and when.

The docstring under a key is its documentation in docs/configuration.md; `control/rules.py` has
the rules.
"""

from __future__ import annotations

from datetime import time

from pydantic import Field, field_validator

from chaosmonkey.config.base import Section


def parse_span(text: str) -> tuple[time, time]:
    """Start and end of a span such as "22:00-07:00"; raises ValueError.

    An end at "24:00" is midnight, and so is one at "23:59", to include that minute.
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
    """What may be cut. Times are in seconds."""

    max_off: int = Field(default=1, ge=1)
    """How many machines may be off at once."""

    min_ready: int = Field(default=1, ge=0)
    """How many other machines must be Ready and take pods before one is cut."""

    protected: tuple[str, ...] = ()
    """Nodes that are never cut, besides those of the control plane and this server's own."""

    protected_roles: tuple[str, ...] = ("etcd",)
    """Roles (labels node-role.kubernetes.io/ROLE) whose nodes are never cut."""

    min_seconds: float = Field(default=3.0, ge=0)
    """Shortest time that a machine stays off. Power supplies and SD cards need 3 s or more."""

    max_seconds: float = Field(default=3600.0, gt=0)
    """Longest time that a request may ask for."""

    default_seconds: float | None = Field(default=None, gt=0)
    """How long a machine stays off by default; if not set, the timing preset's value."""

    own_node: str = ""
    """The node that this server runs on, which is never cut; needed if its host name differs."""

    machine_cooldown: float = Field(default=10.0, ge=0)
    """How long a machine cannot be cut again after it was restored."""

    cooldown: float = Field(default=2.0, ge=0)
    """How long after the start of a cut no other cut may start, on any machine."""

    disarm_after: float = Field(default=600.0, gt=0)
    """How long after arming, or after the last cut, the table disarms by itself."""

    restore_stagger: float = Field(default=0.5, ge=0)
    """Pause between restoring the power of two machines, which draw more current while booting."""

    quiet_hours: tuple[str, ...] = ()
    """Local times of day during which nothing is cut, such as ["22:00-07:00"]."""

    @field_validator("quiet_hours")
    @classmethod
    def _are_spans(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for span in value:
            parse_span(span)
        return value
