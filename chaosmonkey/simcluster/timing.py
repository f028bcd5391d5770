"""How long everything takes: two presets, and each number's source.

`KUBERNETES` is what a control plane does when nobody set a flag; `STAGE` is set so that an audience
need not wait. Spans are drawn evenly; those of containers and of the control plane's own latencies
cover what recordings of a real 1.36 control plane show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from chaosmonkey.simcluster.timeline import Span

Preset = Literal["kubernetes", "stage"]


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The seconds of one world. Every field is in seconds unless it says otherwise."""

    grace: float = 50.0
    """kube-controller-manager --node-monitor-grace-period (50 s since 1.32, 40 s before)."""
    monitor_period: float = 5.0
    """kube-controller-manager --node-monitor-period."""
    lease_duration: float = 40.0
    """KubeletConfiguration nodeLeaseDurationSeconds."""
    lease_renewal: float = 10.0
    """A quarter of the lease's duration, as the kubelet has it."""
    toleration: int = 300
    """kube-apiserver --default-not-ready-toleration-seconds and its unreachable twin."""
    eviction_rate: float = 0.1
    """Nodes a second: kube-controller-manager --node-eviction-rate."""
    secondary_eviction_rate: float = 0.01
    """Nodes a second in a zone that is large and half broken: --secondary-node-eviction-rate."""
    large_cluster: int = 50
    """Nodes: --large-cluster-size-threshold; smaller zones that are half broken evict nothing."""
    unhealthy_threshold: float = 0.55
    """Share of nodes not Ready: --unhealthy-zone-threshold."""
    status_period: float = 10.0
    """How often the kubelet compares its node's status: nodeStatusUpdateFrequency."""
    status_report: float = 300.0
    """How often it posts an unchanged one: nodeStatusReportFrequency."""

    boot: Span = (25.0, 40.0)
    """From power to a running kubelet; a Raspberry Pi."""
    back_online: Span = (0.2, 8.0)
    """From a mended link to the node's status; leases resume at once."""
    lease_back: Span = (0.02, 0.2)
    """From a mended link to the first renewed lease."""
    retry: Span = (0.3, 3.0)
    """From an API server that is back to a kubelet's next try to renew its lease."""
    reconcile: Span = (1.0, 10.0)
    """From a mended link to the pods' true readiness (the kubelet's status sync)."""
    register: Span = (0.05, 0.12)
    """From a running kubelet to its node's posted status."""
    first_sync: Span = (0.85, 1.1)
    """From a running kubelet to its first look at its pods."""

    notice: Span = (0.015, 0.05)
    """From a bound pod to the kubelet's first status of it."""
    sandbox: Span = (0.3, 1.1)
    """Until the pod's sandbox is there and its image pulled."""
    start: Span = (0.5, 1.5)
    """Until its container runs."""
    stop: Span = (0.3, 1.15)
    """From SIGTERM to a stopped container."""
    removal: Span = (0.2, 0.95)
    """From a stopped container to the pod's last deletion."""
    lost_removal: Span = (0.005, 0.04)
    """The same for a pod whose containers a power cut took: some of them at once …"""
    housekeeping: Span = (0.9, 1.0)
    """… and the others when the kubelet next looks."""

    lag: Span = (0.003, 0.012)
    """From a change to the controller that acts on it, and between two of its writes."""
    taint_pass: float = 0.1
    """How often the queue of nodes to be tainted NoExecute is looked at."""


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
    """The timing that a preset's name stands for."""
    match name:
        case "kubernetes":
            return KUBERNETES
        case "stage":
            return STAGE
