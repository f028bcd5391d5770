"""What the pages and scripts are shown: the values of `/api/state` and of the websocket's messages.

Moments are seconds since 1970 by the server's clock, which in a demo may run faster than real time;
milestones and phases are seconds from an outage's t0. What did not happen is null or absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chaosmonkey.outage.narrate import Line

PodState = Literal[
    "ready", "starting", "pending", "unreachable", "terminating", "failed", "finished"
]


@dataclass(frozen=True, slots=True)
class ClusterView:
    """The cluster as a whole, and how far this server can be believed.

    Attributes:
        stale_since: since when the cluster has not been seen; null while it is.
        why: the reason for that.
        speed: how many times faster than real the time of this server runs.
        preset: how quickly the cluster is set up to react: "kubernetes" or "stage".
        notices_after: seconds of silence after which Kubernetes should give up a machine.
        default_off: seconds that a cut lasts if nobody says.
    """

    title: str
    stale_since: float | None
    why: str
    speed: float
    preset: str
    notices_after: float
    default_off: float


@dataclass(frozen=True, slots=True)
class FeedView:
    """One plug: its state as last read, and the cut that is under way on it, if any."""

    state: str
    stage: str | None = None
    restore_by: float | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class MachineView:
    """One machine, and separately what Kubernetes believes about it.

    Attributes:
        ready: "True", "False" or "Unknown"; null if the cluster has no such node.
        reason: the reason of the condition Ready.
        guarded: why it can never be cut; "" if it can.
    """

    name: str
    node: str
    power: FeedView | None
    network: FeedView | None
    ready: str | None
    reason: str
    cordoned: bool
    control_plane: bool
    guarded: str


@dataclass(frozen=True, slots=True)
class PodView:
    """One pod object. `lineage` is shared with the pods that replace it."""

    uid: str
    namespace: str
    name: str
    app: str
    workload: str
    node: str | None
    lineage: str
    state: PodState
    reason: str
    restarts: int


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service: addresses that Kubernetes would route to, and all of them."""

    namespace: str
    name: str
    ready: int
    total: int


@dataclass(frozen=True, slots=True)
class DisplacedView:
    """A pod that was on a lost machine.

    Attributes:
        fate: moves, waits, stays or lost.
        why: in plain words, why it is where it is.
        evicts_at: when Kubernetes will evict it, while that is known and has not happened.
        successor: the name of the pod that replaces it.
        resolved: seconds from t0 until its work was done again.
    """

    namespace: str
    name: str
    workload: str
    lineage: str
    fate: str
    why: str
    evicts_at: float | None
    successor: str | None
    successor_node: str | None
    resolved: float | None


@dataclass(frozen=True, slots=True)
class OutageView:
    """One outage; see docs/outages.md for what its milestones and phases mean.

    Attributes:
        t0: the moment from which everything is counted.
        t0_within: the true t0 is at most this many seconds later.
        phase: the phase that is under way.
        recovery_seconds: the recovery time; null until, or unless, it is measured.
        outcome: recovered, unnoticed, incomplete or aborted; null while it is open.
        awaited: how many pods the recovery time waits for.
        story: what happened, in plain words and in order.
    """

    id: str
    machine: str
    node: str
    origin: str
    feed: str | None
    by: str
    began: str
    t0: float
    t0_within: float
    restore_by: float | None
    open: bool
    milestones: dict[str, float]
    phases: dict[str, float]
    phase: str | None
    recovery_seconds: float | None
    outcome: str | None
    awaited: int
    story: tuple[Line, ...]
    held: str
    blind: float
    interrupted: str
    pods: tuple[DisplacedView, ...]


View = ClusterView | MachineView | PodView | ServiceView | OutageView


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is shown, each section by id: the body of `/api/state` and of a snapshot."""

    cluster: dict[str, ClusterView]
    machines: dict[str, MachineView]
    pods: dict[str, PodView]
    services: dict[str, ServiceView]
    outages: dict[str, OutageView]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The first message of a connection: everything, as of `seq`."""

    type: Literal["snapshot"]
    protocol: int
    seq: int
    at: float
    state: State


@dataclass(frozen=True, slots=True)
class Delta:
    """What changed since `seq - 1`: entities to put in place, and ids to take out."""

    type: Literal["delta"]
    seq: int
    at: float
    set: dict[str, dict[str, View]]
    gone: dict[str, list[str]]
