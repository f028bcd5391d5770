"""The timing of a simulated world: two presets, with the source of each number.

`KUBERNETES` has the defaults of a control plane; `STAGE` is fast enough for an audience. Spans are
drawn uniformly; those of containers and of the control plane's latencies cover what recordings of a
real 1.36 control plane show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from chaosmonkey.simcluster.timeline import Span

Preset = Literal["kubernetes", "stage"]


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The timing of one world. Fields are in seconds unless they say otherwise."""

    grace: float = 50.0
    """kube-controller-manager --node-monitor-grace-period (50 s since 1.32, 40 s before)."""
    monitor_period: float = 5.0
    """kube-controller-manager --node-monitor-period."""
    lease_duration: float = 40.0
    """KubeletConfiguration nodeLeaseDurationSeconds."""
    lease_renewal: float = 10.0
    """A quarter of the lease's duration, as in the kubelet."""
    toleration: int = 300
    """kube-apiserver --default-not-ready-toleration-seconds and
    --default-unreachable-toleration-seconds."""
    eviction_rate: float = 0.1
    """Nodes per second: kube-controller-manager --node-eviction-rate."""
    secondary_eviction_rate: float = 0.01
    """Nodes per second in a large zone that is unhealthy: --secondary-node-eviction-rate."""
    large_cluster: int = 50
    """Nodes: --large-cluster-size-threshold; smaller unhealthy zones evict nothing."""
    unhealthy_threshold: float = 0.55
    """Share of nodes not Ready: --unhealthy-zone-threshold."""
    status_period: float = 10.0
    """How often the kubelet checks its node's status: nodeStatusUpdateFrequency."""
    status_report: float = 300.0
    """How often it posts an unchanged one: nodeStatusReportFrequency."""

    boot: Span = (25.0, 40.0)
    """From power to a running kubelet, on a Raspberry Pi."""
    back_online: Span = (0.2, 8.0)
    """From a restored link to the node's status; leases resume at once."""
    lease_back: Span = (0.02, 0.2)
    """From a restored link to the first renewed lease."""
    retry: Span = (0.3, 3.0)
    """From the API server's return to a kubelet's next attempt to renew its lease."""
    reconcile: Span = (0.2, 10.0)
    """From a restored link, or from another client's write of a pod's status, to its true
    readiness: the kubelet's status manager compares them every 10 s (syncPeriod)."""
    register: Span = (0.05, 0.12)
    """From a running kubelet to its first posted node status."""
    first_sync: Span = (0.85, 1.1)
    """From a running kubelet to its first sync of its pods."""

    notice: Span = (0.015, 0.05)
    """From a bound pod to the kubelet's first status of it."""
    sandbox: Span = (0.3, 1.1)
    """Until the pod's sandbox exists and its image is pulled."""
    start: Span = (0.5, 1.5)
    """Until its container runs."""
    stop: Span = (0.3, 1.15)
    """From SIGTERM to a stopped container."""
    removal: Span = (0.2, 0.95)
    """From a stopped container to the pod's last deletion."""
    lost_removal: Span = (0.005, 0.04)
    """The same for pods whose containers ended in a power cut: some at once …"""
    housekeeping: Span = (0.9, 1.0)
    """… and the others at the kubelet's next housekeeping."""

    lag: Span = (0.003, 0.012)
    """From a change to the controller that acts on it, and between two of its writes."""
    taint_pass: float = 0.1
    """How often the queue of nodes to taint NoExecute is processed."""


KUBERNETES = Timing()

STAGE = replace(
    KUBERNETES,
    grace=8.0,
    monitor_period=1.0,
    lease_duration=8.0,
    lease_renewal=2.0,
    toleration=2,
    status_period=2.0,
    boot=(5.0, 8.0),
    back_online=(0.2, 2.0),
    reconcile=(0.5, 2.0),
    sandbox=(0.4, 0.9),
    start=(0.4, 1.0),
)


def preset(name: Preset) -> Timing:
    """The timing of a preset."""
    match name:
        case "kubernetes":
            return KUBERNETES
        case "stage":
            return STAGE
