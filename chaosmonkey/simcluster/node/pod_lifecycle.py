"""The lifecycles of a pod as tables: the steps, the time before each, and the status after it.

    START    bound ─► accepted ─► sandboxed ─► started ─► ready
    RESTART  the machine rebooted ─► restarting ─► sandboxed ─► started ─► ready
    STOP     marked for deletion ─► killing ─► completed ─► removed
    LOST     marked for deletion, and its machine rebooted ─► failed ─► removed

`after` names a span of `Timing`; the kubelet reports the step's `PodReport` from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ContainerState = Literal["waiting", "running", "terminated", "lost"]


@dataclass(frozen=True)
class PodReport:
    """A kubelet's report of a pod at one step of its life."""

    phase: Literal["Pending", "Running", "Succeeded", "Failed"]
    containers: ContainerState
    sandbox: bool = False
    ready: bool = False
    reason: str = ""
    """Why the pod is not ready; empty when it is."""


@dataclass(frozen=True)
class PodStep:
    """One step in a pod's life."""

    name: str
    after: str
    """The span of `Timing` before the step; `readiness` is computed from the pod's probe."""
    report: PodReport | None = None
    events: tuple[str, ...] = ()
    """Reasons of the events of each container."""
    removes: bool = False
    """Whether the kubelet confirms the pod's deletion in this step."""


_UNREADY = "ContainersNotReady"

ACCEPTED = PodReport("Pending", "waiting", reason=_UNREADY)
SANDBOXED = PodReport("Pending", "waiting", sandbox=True, reason=_UNREADY)
STARTED = PodReport("Running", "running", sandbox=True, reason=_UNREADY)
READY = PodReport("Running", "running", sandbox=True, ready=True)
RESTARTING = PodReport("Running", "waiting", reason=_UNREADY)
RESANDBOXED = PodReport("Running", "waiting", sandbox=True, reason=_UNREADY)
COMPLETED = PodReport("Succeeded", "terminated", reason="PodCompleted")
FAILED = PodReport("Failed", "lost", reason="PodFailed")

_IMAGE = ("Pulled", "Created")

START = (
    PodStep("accepted", after="notice", report=ACCEPTED),
    PodStep("sandboxed", after="sandbox", report=SANDBOXED, events=_IMAGE),
    PodStep("started", after="start", report=STARTED, events=("Started",)),
    PodStep("ready", after="readiness", report=READY),
)
RESTART = (
    PodStep("restarting", after="notice", report=RESTARTING),
    PodStep("sandboxed", after="sandbox", report=RESANDBOXED, events=_IMAGE),
    PodStep("started", after="start", report=STARTED, events=("Started",)),
    PodStep("ready", after="readiness", report=READY),
)
STOP = (
    PodStep("killing", after="lag", events=("Killing",)),
    PodStep("completed", after="stop", report=COMPLETED),
    PodStep("removed", after="removal", removes=True),
)
LOST = (
    PodStep("failed", after="notice", report=FAILED),
    PodStep("removed", after="lost_removal", removes=True),
)
CONFIRM = (PodStep("removed", after="notice", removes=True),)

Life = tuple[PodStep, ...]


def first_probe(container: dict[str, object]) -> tuple[float, float] | None:
    """The span in which a started container's readiness probe first answers; None without one.

    Recorded with an initial delay of 1 s and a period of 2 s: from 0 to 2.6 s after the container's
    start, mostly 0.7 to 2.2 s, because the kubelet counts from when it first sees the container.
    """
    probe = container.get("readinessProbe")
    if not isinstance(probe, dict):
        return None
    initial = float(probe.get("initialDelaySeconds", 0))
    period = float(probe.get("periodSeconds", 10))
    return max(0.05, initial - 0.8), max(0.1, initial - 0.35) + min(period, 2.0)


def probe_span(pod: dict[str, object]) -> tuple[float, float] | None:
    """The span in which a started pod becomes ready: that of its slowest container."""
    spec = pod["spec"]
    assert isinstance(spec, dict)
    spans = [span for container in spec["containers"] if (span := first_probe(container))]
    return max(spans, default=None)
