"""A small cluster told in single events: the shortest way to say what happened."""

from dataclasses import replace
from typing import Any, Literal

from chaosmonkey.model import (
    Changed,
    Event,
    FeedKind,
    Fresh,
    Lease,
    Node,
    Occurrence,
    Outage,
    Owner,
    PlugCut,
    PlugRestored,
    Pod,
    Removed,
    Stale,
    Taint,
    Tick,
    Workload,
)
from chaosmonkey.outage.detection import outage_id
from chaosmonkey.outage.tracker import Tracker

START = 1_000_000.0
Ready = Literal["True", "False", "Unknown"]
UNREACHABLE = Taint("node.kubernetes.io/unreachable", "NoExecute")


class Scene:
    """Three Ready nodes whose leases are renewed every 2 s, and as many pods as a test wants."""

    def __init__(self, nodes: int = 3) -> None:
        self.tracker = Tracker()
        self.now = START
        self.told: list[Event] = []
        self.outages: dict[str, Outage] = {}
        self._renewals = 0
        self.silent: set[str] = set()
        self.tell(Fresh(START))
        self.nodes = {
            f"node{i}": Node(f"node{i}", f"n{i}", ready="True") for i in range(1, nodes + 1)
        }
        for node in self.nodes.values():
            self.tell(Changed(node, self.now))
        self.renew()
        self.tell(
            Changed(
                Workload("ReplicaSet", "shop", "web-1", "rs", Owner("Deployment", "web", "d")),
                self.now,
            )
        )

    def tell(self, event: Event) -> None:
        self.told.append(event)
        for outage in self.tracker.handle(event):
            self.outages[outage.machine] = outage

    def renew(self) -> None:
        self._renewals += 1
        for name in self.nodes:
            if name not in self.silent:
                lease = Lease(name, f"l-{name}", renewed=float(self._renewals), duration=8)
                self.tell(Changed(lease, self.now))

    def wait(self, seconds: float) -> "Scene":
        """Time passes; living kubelets renew their leases every 2 s."""
        until = self.now + seconds
        while self.now + 2 <= until:
            self.now += 2
            self.renew()
            self.tell(Tick(self.now))
        self.now = until
        self.tell(Tick(self.now))
        return self

    def node(self, name: str, ready: Ready, *taints: Taint, reason: str = "test") -> None:
        self.nodes[name] = replace(self.nodes[name], ready=ready, reason=reason, taints=taints)
        self.tell(Changed(self.nodes[name], self.now))

    def pod(
        self, name: str, node: str | None, kind: str | None = "ReplicaSet", **fields: Any
    ) -> Pod:
        """A pod that is Running and Ready, unless the fields say otherwise."""
        owner = {
            None: None,
            "ReplicaSet": Owner("ReplicaSet", "web-1", "rs"),
        }.get(kind, Owner(str(kind), "db", f"uid-{kind}"))
        values: dict[str, Any] = {
            "phase": "Running",
            "ready": True,
            "toleration": 2.0,
            "created": self.now,
        } | fields
        uid = str(values.pop("uid", f"uid-{name}"))
        pod = Pod(uid, "shop", name, node, owner, **values)
        self.tell(Changed(pod, self.now))
        return pod

    def change(self, pod: Pod, **fields: Any) -> Pod:
        pod = replace(pod, **fields)
        self.tell(Changed(pod, self.now))
        return pod

    def wants(self, replicas: int) -> None:
        """The Deployment of the pods wants so many of them."""
        web = Workload("Deployment", "shop", "web", "d", desired=replicas)
        self.tell(Changed(web, self.now))

    def warn(self, pod: Pod, reason: str, message: str, type: str = "Warning") -> None:
        said = Occurrence(f"{pod.name}.{reason}", "shop", "e", type, reason, message, pod.uid)
        self.tell(Changed(said, self.now))

    def remove(self, pod: Pod) -> None:
        self.tell(Removed(pod, self.now))

    def cut(self, machine: str = "node3", feed: FeedKind = FeedKind.POWER) -> None:
        self.silent.add(machine)
        self.tell(
            PlugCut(outage_id(self.now, machine), machine, machine, feed, self.now - 0.01, self.now,
                    "test", self.now + 60)
        )  # fmt: skip

    def restore(self, machine: str = "node3", feed: FeedKind = FeedKind.POWER) -> None:
        self.silent.discard(machine)
        self.tell(PlugRestored(machine, machine, feed, self.now))

    def stale(self) -> None:
        self.tell(Stale(self.now, "test"))

    def fresh(self) -> None:
        self.tell(Fresh(self.now))

    def lose(self, *pods: Pod, machine: str = "node3") -> list[Pod]:
        """What Kubernetes does with a lost node, up to the eviction of these pods."""
        self.node(machine, "Unknown", reason="NodeStatusUnknown")
        pods = tuple(self.change(pod, ready=False) for pod in pods)
        self.node(machine, "Unknown", UNREACHABLE)
        self.wait(2)
        return [self.change(pod, deleting=True) for pod in pods]

    @property
    def outage(self) -> Outage:
        (outage,) = self.outages.values()
        return outage
