"""Kubernetes objects, reduced to the fields that we use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Taint:
    """A node's reason to repel pods; `effect` is NoSchedule, PreferNoSchedule or NoExecute."""

    key: str
    effect: str


@dataclass(frozen=True, slots=True)
class Node:
    """A node object: what Kubernetes knows about one machine.

    Attributes:
        ready: status of the condition Ready. "Unknown" means the kubelet stopped reporting.
        reason: the condition's reason, such as KubeletReady or NodeStatusUnknown.
        message: the condition's message.
        boot_id: changes when the machine reboots.
        unschedulable: cordoned.
        roles: from its labels node-role.kubernetes.io/ROLE.
        addresses: its internal addresses.
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
    roles: frozenset[str] = frozenset()
    addresses: tuple[str, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether its condition Ready is True."""
        return self.ready == "True"

    @property
    def takes_pods(self) -> bool:
        """Whether the scheduler may put any pod there."""
        repels = any(taint.effect in ("NoSchedule", "NoExecute") for taint in self.taints)
        return self.is_ready and not self.unschedulable and not repels

    def tainted(self, effect: str) -> bool:
        """Whether Kubernetes tainted this node as lost, with that effect."""
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
        deleting: a deletionTimestamp is set: the pod is Terminating and counts as gone.
        reason: why it is not running: a container's waiting reason, or the pod's own.
        unschedulable: the scheduler's message when it found no node for the pod, else "".
        restarts: sum of the containers' restart counts.
        toleration: seconds that the pod stays on an unreachable node before it is evicted
            (`tolerationSeconds`); None means without a limit.
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
    """A kubelet's sign of life, in the namespace kube-node-lease.

    Attributes:
        node: the node's name.
        renewed: renewTime, by the kubelet's clock; 0.0 if it has none.
        duration: leaseDurationSeconds.
    """

    node: str
    uid: str
    renewed: float = 0.0
    duration: float = 40.0


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    """The number of addresses of a service in one slice: ready, and all.

    `total` excludes those of terminating pods.
    """

    uid: str
    namespace: str
    name: str
    service: str
    ready: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A Kubernetes event (core/v1 Event), which a component writes for people.

    Attributes:
        type: "Normal" or "Warning".
        reason: one word, such as FailedScheduling.
        about_uid: uid of the object that it is about.
    """

    uid: str
    namespace: str
    name: str
    type: str
    reason: str
    message: str
    about_uid: str


ClusterObject = Node | Pod | Workload | Lease | EndpointSlice | Occurrence
