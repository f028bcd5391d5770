"""The words of this program as immutable values: machines, what Kubernetes says, what happened.

Nothing here does I/O or knows the time. A moment is a float, seconds since the Unix epoch as our
clock counts them; None means "did not happen" or "not seen", never zero.

    Changed / Removed   one object of the cluster, as our watch received it
    Stale / Fresh       whether that watch can be believed
    PlugCut / PlugRestored   what the monkey did to a machine, read back from the plug
    Tick                time passing, for what ends by nothing happening
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class FeedKind(StrEnum):
    """What a plug feeds a machine with."""

    POWER = "power"
    NETWORK = "network"


class Feed(StrEnum):
    """State of one feed. Unknown is a state of its own: it is neither on nor off."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


# --- what Kubernetes says ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taint:
    """A node's reason to repel pods; `effect` is NoSchedule, PreferNoSchedule or NoExecute."""

    key: str
    effect: str


@dataclass(frozen=True, slots=True)
class Node:
    """What Kubernetes believes about one machine.

    Attributes:
        ready: status of the condition Ready. "Unknown" means the kubelet stopped reporting.
        reason: the condition's reason, such as KubeletReady or NodeStatusUnknown.
        message: the condition's message.
        boot_id: changes when the machine was rebooted.
        unschedulable: cordoned.
    """

    name: str
    uid: str
    ready: Literal["True", "False", "Unknown"] = "Unknown"
    reason: str = ""
    message: str = ""
    unschedulable: bool = False
    control_plane: bool = False
    boot_id: str = ""
    taints: tuple[Taint, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether Kubernetes believes that pods can run there."""
        return self.ready == "True"

    def tainted(self, effect: str) -> bool:
        """Whether Kubernetes marked this node as lost, with that effect."""
        return any(t.effect == effect and t.key in LOST_NODE_TAINTS for t in self.taints)


LOST_NODE_TAINTS = frozenset({"node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"})


@dataclass(frozen=True, slots=True)
class Owner:
    """The controller of an object: the ownerReference with `controller: true`."""

    kind: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod object. A replacement is another object with another uid.

    Attributes:
        ready: status of the condition Ready is True.
        deleting: a deletionTimestamp is set: the pod is Terminating and counts as not there.
        reason: why it is not running: a container's waiting reason, or the pod's own.
        unschedulable: the scheduler's message when it found no node for the pod, else "".
        restarts: sum of the containers' restart counts.
        toleration: seconds that the pod stays on an unreachable node before it is evicted
            (`tolerationSeconds`); None means for ever.
        created: the API server's creationTimestamp (resolution 1 s), for ordering only.
    """

    uid: str
    namespace: str
    name: str
    node: str | None = None
    owner: Owner | None = None
    app: str = ""
    phase: str = "Pending"
    ready: bool = False
    deleting: bool = False
    reason: str = ""
    unschedulable: str = ""
    restarts: int = 0
    toleration: float | None = None
    created: float = 0.0


@dataclass(frozen=True, slots=True)
class Workload:
    """A controller of pods: Deployment, ReplicaSet, StatefulSet or DaemonSet.

    `owner` leads from a ReplicaSet to its Deployment. `desired` and `ready` count pods.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    owner: Owner | None = None
    desired: int = 0
    ready: int = 0


@dataclass(frozen=True, slots=True)
class Lease:
    """A kubelet's sign of life (namespace kube-node-lease).

    Attributes:
        node: the node's name.
        renewed: the kubelet's own stamp of the last renewal; 0.0 if it has none.
        duration: leaseDurationSeconds.
    """

    node: str
    uid: str
    renewed: float = 0.0
    duration: float = 40.0


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    """How many addresses of a service Kubernetes would route to, in one slice."""

    uid: str
    namespace: str
    name: str
    service: str
    ready: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A Kubernetes event (core/v1 Event): something a component wants a person to know."""

    uid: str
    namespace: str
    name: str
    type: str
    reason: str
    message: str
    source: str
    about_kind: str
    about_name: str
    about_uid: str = ""
    count: int = 1


ClusterObject = Node | Pod | Workload | Lease | EndpointSlice | Occurrence


# --- events: what the tracker folds over --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changed:
    """An object is new or different; `at` is the moment our watch received it."""

    object: ClusterObject
    at: float


@dataclass(frozen=True, slots=True)
class Removed:
    """An object is gone; `object` is its last known state."""

    object: ClusterObject
    at: float


@dataclass(frozen=True, slots=True)
class Stale:
    """Since `at` we may not know what happens in the cluster, because of `why`."""

    at: float
    why: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """From `at` on we know again what happens in the cluster."""

    at: float


@dataclass(frozen=True, slots=True)
class PlugCut:
    """A plug was opened, and read back as off at `at`.

    Attributes:
        outage: identity of the outage that begins here.
        node: name of the machine's node.
        commanded: when the command arrived.
        by: who asked for it.
        restore_by: when the monkey will restore the plug at the latest.
    """

    outage: str
    machine: str
    node: str
    feed: FeedKind
    commanded: float
    at: float
    by: str
    restore_by: float


@dataclass(frozen=True, slots=True)
class PlugRestored:
    """A plug was closed, and read back as on at `at`."""

    machine: str
    node: str
    feed: FeedKind
    at: float


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing happened but time."""

    at: float


ClusterEvent = Changed | Removed | Stale | Fresh
Event = ClusterEvent | PlugCut | PlugRestored | Tick


# --- outages ------------------------------------------------------------------------------------


class Origin(StrEnum):
    """How an outage began."""

    COMMANDED = "commanded"
    OBSERVED = "observed"


class Fate(StrEnum):
    """What Kubernetes can do about a pod whose machine is lost."""

    MOVES = "moves"
    """Its controller makes a successor elsewhere (Deployment, ReplicaSet, Job, …)."""
    WAITS = "waits"
    """A StatefulSet makes a successor only when the old pod is gone: it waits for its machine."""
    STAYS = "stays"
    """A DaemonSet pod belongs to its machine and is not replaced elsewhere."""
    LOST = "lost"
    """No controller: once evicted, nobody makes it again."""


class Outcome(StrEnum):
    """How an outage ended."""

    RECOVERED = "recovered"
    UNNOTICED = "unnoticed"
    INCOMPLETE = "incomplete"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class Successor:
    """The pod that a controller made in place of a displaced one. All moments as received."""

    uid: str
    name: str
    created: float
    node: str | None = None
    scheduled: float | None = None
    ready: float | None = None
    waiting: str = ""


@dataclass(frozen=True, slots=True)
class Displaced:
    """A pod that was on the machine at t0, and what became of it.

    Attributes:
        workload: its top controller as "Deployment/shop", "" for a bare pod.
        lineage: the identity it shares with its successors.
        restarts: restart count at t0, to tell a restart from having stayed.
        disturbed: it was seen not Ready after t0.
        evicted: when it was marked for deletion.
        gone: when the object was removed.
        returned: when it was Ready again itself, without a successor.
    """

    uid: str
    namespace: str
    name: str
    workload: str
    lineage: str
    fate: Fate
    restarts: int = 0
    toleration: float | None = None
    disturbed: bool = False
    evicted: float | None = None
    gone: float | None = None
    returned: float | None = None
    successor: Successor | None = None

    @property
    def resolved(self) -> float | None:
        """When this pod's work was being done again: by a Ready successor, or by itself."""
        if self.successor is not None and self.successor.ready is not None:
            return self.successor.ready
        return self.returned


@dataclass(frozen=True, slots=True)
class Outage:
    """One episode from a cut, commanded or observed, until the cluster is whole again.

    All moments share one t0. For a commanded outage that is when the plug was read back as off.
    For an observed one it is the machine's last sign of life, and the true t0 lies up to
    `t0_within` seconds after it.

    Attributes:
        id: such as "20261120-101500-node3": when it began (UTC) and where.
        feed: what was cut; None when nobody commanded it and the cause is not known.
        whole: no displaced pod that will be replaced is still missing, StatefulSets included.
        held: why Kubernetes holds the eviction back, "" if it does not.
        blind: the longest time in seconds for which the cluster could not be watched meanwhile.
            Moments received at the end of it may be late by as much.
        interrupted: why the measurement could not be finished, "" if it could.
    """

    id: str
    machine: str
    node: str
    origin: Origin
    t0: float
    feed: FeedKind | None = None
    by: str = ""
    t0_within: float = 0.0
    restore_by: float | None = None
    commanded: float | None = None
    not_ready: float | None = None
    tainted: float | None = None
    recovered: float | None = None
    whole: float | None = None
    restored: float | None = None
    rejoined: float | None = None
    cleaned: float | None = None
    closed: float | None = None
    displaced: tuple[Displaced, ...] = ()
    held: str = ""
    blind: float = 0.0
    interrupted: str = ""

    @property
    def moving(self) -> tuple[Displaced, ...]:
        """The displaced pods whose controller makes a successor elsewhere."""
        return tuple(pod for pod in self.displaced if pod.fate is Fate.MOVES)
