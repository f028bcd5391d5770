"""Timing presets: how quickly a cluster reacts to a lost machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chaosmonkey.config.base import Section


@dataclass(frozen=True, slots=True)
class Preset:
    """How quickly a cluster reacts to a lost machine, in seconds.

    Attributes:
        grace: kube-controller-manager `--node-monitor-grace-period`.
        period: kube-controller-manager `--node-monitor-period`.
        lease: kubelet `nodeLeaseDurationSeconds`; it is renewed every quarter of that.
        toleration: `tolerationSeconds` of the pods for an unreachable node.
        default_off: default length of a cut, long enough to see the recovery.
    """

    grace: float
    period: float
    lease: float
    toleration: float
    default_off: float


PRESETS: dict[str, Preset] = {
    # Kubernetes 1.36 by default: 50 s + the 300 s that admission gives every pod.
    "kubernetes": Preset(grace=50, period=5, lease=40, toleration=300, default_off=420),
    # For five minutes on a stage; deploy.md says which flags to set where.
    "stage": Preset(grace=8, period=1, lease=8, toleration=2, default_off=60),
}


class TimingSettings(Section):
    """How quickly the cluster is configured to react."""

    preset: Literal["kubernetes", "stage"] = "kubernetes"
    """kubernetes: the defaults (50 s + 300 s). stage: fast (8 s + 2 s)."""
