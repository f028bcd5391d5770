"""Publish the board: each event updates the views of the objects that it changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from chaosmonkey.config import Lab
from chaosmonkey.control import guard
from chaosmonkey.control.cut import Cut
from chaosmonkey.control.feed_monitor import FeedMonitor
from chaosmonkey.control.rules import Facts, guarding
from chaosmonkey.hub.hub import Hub
from chaosmonkey.hub.view_builders import (
    show_cluster,
    show_machine,
    show_outage,
    show_pod,
)
from chaosmonkey.hub.views import ServiceView
from chaosmonkey.model import (
    Cause,
    Changed,
    ClockStepped,
    EndpointSlice,
    Event,
    FeedKind,
    Fresh,
    Lease,
    Node,
    Outage,
    PlugCut,
    PlugRestored,
    Pod,
    Removed,
    Stale,
    Tick,
    Workload,
)
from chaosmonkey.outage.cluster_state import ClusterState
from chaosmonkey.plugs import PlugBoard

HISTORY = 20
"""Finished outages that stay on the board; the outages of one failed supply count as one."""

TOGETHER = 5.0
"""Seconds within which machines lose power when one supply fails."""

AVAILABILITY_POINTS = 120
"""Latest changes of a service's availability that stay on the board."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A node without a machine in the configuration."""

    name: str

    @property
    def node_name(self) -> str:
        return self.name


class BoardPublisher:
    """Publishes the cluster, the plugs and the outages on a hub."""

    def __init__(
        self,
        hub: Hub,
        lab: Lab,
        *,
        world: ClusterState,
        plugs: PlugBoard,
        cuts: Mapping[tuple[str, FeedKind], Cut],
        feed_monitor: FeedMonitor,
        cooldown_until: Callable[[str], float | None],
        facts: Callable[[FeedKind | None], Facts],
        found_off: Collection[tuple[str, FeedKind]] = (),
    ) -> None:
        self._hub = hub
        self._lab = lab
        self._world = world
        self._plugs = plugs
        self._cuts = cuts
        self._feed_monitor = feed_monitor
        self._cooldown_until = cooldown_until
        self._facts = facts
        self._found_off = found_off
        self._machine_of = {machine.node_name: machine.name for machine in lab.machine}
        self._finished: dict[str, tuple[str, Outage]] = {}
        self._services: set[str] = set()
        self._availability: dict[str, deque[tuple[float, int, int]]] = {}
        self.show_cluster()
        self.show_machines()

    def after(self, event: Event) -> None:
        """Publish what an event has changed; `world` must have applied it already."""
        match event:
            case Changed(Pod() as pod):
                self._hub.put("pods", pod.uid, show_pod(pod, self._world))
            case Removed(Pod() as pod):
                self._hub.put("pods", pod.uid, None)
            case Changed(Node() as node):
                self._show_node(node.name)
                self._show_pods(self._world.pods_on(node.name))
            case Removed(Node() as node):
                self._show_node(node.name)
            case Changed(Lease(node=name)) if self._world.clock_behind(name) is not None:
                self._show_node(name)
            case Changed(EndpointSlice()) | Removed(EndpointSlice()):
                self._show_services()
            case Changed(Workload(kind="ReplicaSet") as replica_set):
                self._show_pods(
                    pod
                    for pod in self._world.pods.values()
                    if pod.owner is not None and pod.owner.uid == replica_set.uid
                )
            case Stale() | Fresh():
                self.show_cluster()
            case ClockStepped():
                self._availability.clear()
                self._show_services()
                self.show_machines()
                self.show_cluster()
            case PlugCut() | PlugRestored() | Tick():  # some rules depend on time
                self.show_machines()
            case _:
                pass

    def show_cluster(self) -> None:
        """Publish the cluster as a whole."""
        self._hub.put("cluster", "cluster", show_cluster(self._lab, self._world))

    def show_machines(self) -> None:
        """Publish every machine of the configuration."""
        for machine in self._lab.machine:
            self._show_node(machine.node_name)

    def show_outage(self, outage: Outage) -> None:
        """Publish an outage; only the latest finished outages stay."""
        self._hub.put("outages", outage.id, show_outage(outage))
        if outage.closed is None:
            return
        self._finished[outage.id] = self._event(outage), outage
        while len({event for event, _ in self._finished.values()}) > HISTORY:
            oldest = next(iter(self._finished))
            del self._finished[oldest]
            self._hub.put("outages", oldest, None)

    def _event(self, outage: Outage) -> str:
        """Return the id of the first outage of the same supply failure, or the outage's own id."""
        if outage.cause is Cause.SUPPLY:
            for event, other in self._finished.values():
                if other.cause is Cause.SUPPLY and abs(other.t0 - outage.t0) <= TOGETHER:
                    return event
        return outage.id

    def _show_node(self, node_name: str) -> None:
        name = self._machine_of.get(node_name, node_name)
        node = self._world.nodes.get(node_name)
        if node is None and node_name not in self._machine_of:
            self._hub.put("machines", name, None)
            return
        machine = next((one for one in self._lab.machine if one.name == name), None)
        named = machine or _Node(node_name)
        objections = {}
        if machine is not None:
            objections = {
                feed: guard.objections(machine, self._lab, self._facts(feed))
                for feed in FeedKind
                if machine.plug(feed) is not None
            }
        view = show_machine(
            name,
            node_name,
            lab=self._lab,
            node=node,
            plugs=self._plugs,
            cuts=self._cuts,
            feed_monitor=self._feed_monitor,
            cooldown_until=self._cooldown_until(name),
            found_off=self._found_off,
            guard=guarding(named, self._lab, self._facts(None)),
            objections=objections,
            clock_behind=self._world.clock_behind(node_name),
        )
        self._hub.put("machines", name, view)

    def _show_pods(self, pods: Iterable[Pod]) -> None:
        for pod in pods:
            self._hub.put("pods", pod.uid, show_pod(pod, self._world))

    def _show_services(self) -> None:
        services = self._world.services()
        now = {f"{namespace}/{name}" for namespace, name in services}
        for removed in self._services - now:
            self._hub.put("services", removed, None)
            self._availability.pop(removed, None)
        self._services = now
        at = self._hub.now()
        for (namespace, name), (ready, total) in services.items():
            key = f"{namespace}/{name}"
            points = self._availability.setdefault(key, deque(maxlen=AVAILABILITY_POINTS))
            if not points or points[-1][1:] != (ready, total):
                points.append((at, ready, total))
            view = ServiceView(namespace, name, ready, total, tuple(points))
            self._hub.put("services", key, view)
