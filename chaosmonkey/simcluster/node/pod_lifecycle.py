"""The lives of a pod as tables: what happens, how long after the stage before, what it then shows.

    START    bound ─► accepted ─► sandboxed ─► started ─► ready
    RESTART  the machine rebooted ─► restarting ─► sandboxed ─► started ─► ready
    STOP     marked for deletion ─► killing ─► completed ─► removed
    LOST     marked for deletion, and its machine rebooted ─► failed ─► removed

`after` names a span of `Timing`; a `PodReport` is what the kubelet reports of the pod from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ContainerState = Literal["waiting", "running", "terminated", "lost"]


@dataclass(frozen=True)
class PodReport:
    """What a kubelet reports of a pod at one stage of its life."""

    phase: Literal["Pending", "Running", "Succeeded", "Failed"]
    containers: ContainerState
    sandbox: bool = False
    ready: bool = False
    reason: str = ""
    """Why it is not ready; empty when it is."""


@dataclass(frozen=True)
class PodStep:
    """One step in a pod's life."""

    name: str
    after: str
    """The span of `Timing` that passes first; `readiness` follows from the pod's own probe."""
    report: PodReport | None = None
    events: tuple[str, ...] = ()
    """Reasons of the events of each container."""
    removes: bool = False
    """Whether the kubelet then confirms the pod's deletion."""


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
    """When the first readiness probe of a started container may answer; None without a probe.

    As recorded: with an initial delay of 1 s and a period of 2 s, from at once to 2.6 s after the
    container's start, mostly 0.7 to 2.2 s, since the kubelet counts from when it first saw it.
    """
    probe = container.get("readinessProbe")
    if not isinstance(probe, dict):
        return None
    initial = float(probe.get("initialDelaySeconds", 0))
    period = float(probe.get("periodSeconds", 10))
    return max(0.05, initial - 0.8), max(0.1, initial - 0.35) + min(period, 2.0)


def probe_span(pod: dict[str, object]) -> tuple[float, float] | None:
    """When a started pod may be ready, which is when its slowest container is."""
    spec = pod["spec"]
    assert isinstance(spec, dict)
    spans = [span for container in spec["containers"] if (span := first_probe(container))]
    return max(spans, default=None)
