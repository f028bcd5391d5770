"""The whole simulated cluster: machines, control plane and bench on one timeline.

    world = World(timing=STAGE, seed=7)
    world.apply(*shop(2)); world.run_for(60)
    world.power_off("node3"); world.run_for(20)

It is synchronous, and the same seed reproduces a run; `realtime.py` makes it follow a real clock.
"""

from __future__ import annotations

from collections.abc import Iterable

from chaosmonkey.simcluster.apiserver.admission import Admission
from chaosmonkey.simcluster.apiserver.resources import BY_KIND, CONFIG_MAPS, NAMESPACES, PODS
from chaosmonkey.simcluster.apiserver.storage import Store, clone
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Obj
from chaosmonkey.simcluster.bench.bench import Bench
from chaosmonkey.simcluster.bench.wiring import FeedName, PanelWiring, SimMachine, Wire
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.daemonset import DaemonSets
from chaosmonkey.simcluster.controllers.deployment import Deployments
from chaosmonkey.simcluster.controllers.disruption import Disruption
from chaosmonkey.simcluster.controllers.endpoints import Endpoints
from chaosmonkey.simcluster.controllers.garbage import Garbage
from chaosmonkey.simcluster.controllers.nodelifecycle import NodeLifecycle
from chaosmonkey.simcluster.controllers.podgc import PodGarbage
from chaosmonkey.simcluster.controllers.replicaset import ReplicaSets
from chaosmonkey.simcluster.controllers.scheduler import Scheduler
from chaosmonkey.simcluster.controllers.statefulset import StatefulSets
from chaosmonkey.simcluster.controllers.tainteviction import TaintEviction
from chaosmonkey.simcluster.events import EventRecorder
from chaosmonkey.simcluster.node.kubelet import LEASE_NAMESPACE, Kubelet
from chaosmonkey.simcluster.node.nodestatus import NodeIdentity
from chaosmonkey.simcluster.settings import DEMO_MACHINES, DEMO_PANEL
from chaosmonkey.simcluster.timeline import Timeline
from chaosmonkey.simcluster.timing import STAGE, Timing

_NAMESPACES = ("default", "kube-system", "kube-public", LEASE_NAMESPACE)
_EPOCH = 1_700_000_000.0


class World:
    """One simulated cluster.

    Args:
        timing: the duration of everything.
        seed: random seed; the same seed reproduces the run.
        start: the first moment, in seconds since the epoch.
        machines: the workers and their wiring.
        panel: how the panel is wired; None for a table without one.
        control_plane: the name of a node without a plug; empty for none.
        persist: whether pins keep their levels when the controlling program dies.
        history: how many changes of each resource are kept for watches.
    """

    def __init__(
        self,
        *,
        timing: Timing = STAGE,
        seed: int = 0,
        start: float = _EPOCH,
        machines: Iterable[SimMachine] = DEMO_MACHINES,
        panel: PanelWiring | None = DEMO_PANEL,
        control_plane: str = "master",
        persist: bool = True,
        history: int = 2000,
    ) -> None:
        self.timeline = Timeline(start, seed=seed)
        self.store = Store(self.timeline, history=history)
        events = EventRecorder(self.timeline, self.store)
        self.context = SimContext(self.timeline, self.store, events, timing)
        self.admission = Admission(
            timing.toleration, self.store.suffix, self._service_ip, self._node_port
        )
        wired = tuple(machines)
        self.bench = Bench(
            self.timeline, wired, self._rail, panel=panel, persist=persist, seed=seed
        )
        self.kubelets: dict[str, Kubelet] = {}
        self._begin(wired, control_plane)

    def _begin(self, wired: tuple[SimMachine, ...], control_plane: str) -> None:
        self.store.subscribe(NAMESPACES, self._namespace_added)
        for name in _NAMESPACES:
            self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self._start_controllers()
        identities = [NodeIdentity(control_plane, 0, control_plane=True)] if control_plane else []
        identities += [
            NodeIdentity(machine.name, number) for number, machine in enumerate(wired, 1)
        ]
        for identity in identities:
            kubelet = self.kubelets[identity.name] = Kubelet(identity, self.context)
            if identity.control_plane or self.bench.feed(identity.name, "power").live:
                kubelet.power_on(boot=self.timeline.draw((0.0, self.context.timing.lease_renewal)))
            if not identity.control_plane:
                kubelet.set_link(self.bench.feed(identity.name, "network").live)
        self.store.subscribe(PODS, self._pod_changed)

    def _start_controllers(self) -> None:
        context, admission = self.context, self.admission
        self._nodes = NodeLifecycle(context)
        TaintEviction(context)
        Deployments(context)
        ReplicaSets(context, admission)
        StatefulSets(context, admission)
        DaemonSets(context, admission)
        Endpoints(context)
        Disruption(context)
        Garbage(context)
        PodGarbage(context)
        Scheduler(context)

    @property
    def now(self) -> float:
        """The current moment of the world."""
        return self.timeline.now

    def run_until(self, moment: float) -> None:
        """Run the world up to a moment."""
        self.timeline.run_until(moment)

    def run_for(self, seconds: float) -> None:
        """Run the world for some seconds."""
        self.timeline.run_until(self.timeline.now + seconds)

    def apply(self, *manifests: Obj) -> None:
        """Create objects, with the API server's defaults."""
        for manifest in manifests:
            obj = clone(manifest)
            resource = BY_KIND[obj["apiVersion"], obj["kind"]]
            self.admission.complete(resource, obj)
            self.store.create(resource, obj)

    def power_off(self, machine: str) -> None:
        """Unplug a machine's power by hand."""
        self.bench.change_feed(machine, "power", plugged=False)

    def power_on(self, machine: str) -> None:
        """Plug a machine's power in by hand."""
        self.bench.change_feed(machine, "power", plugged=True)

    def link_down(self, machine: str) -> None:
        """Unplug a machine's network cable by hand."""
        self.bench.change_feed(machine, "network", plugged=False)

    def link_reset(self, machine: str) -> None:
        """Make every connection of a machine fail at once, until `link_restored`."""
        self.kubelets[machine].set_link(False, resets=True)

    def link_restored(self, machine: str) -> None:
        """Let a machine connect again."""
        self.kubelets[machine].set_link(True)

    def link_up(self, machine: str) -> None:
        """Plug a machine's network cable in by hand."""
        self.bench.change_feed(machine, "network", plugged=True)

    def freeze(self, machine: str) -> None:
        """Freeze every process of a machine."""
        self.kubelets[machine].freeze()

    def thaw(self, machine: str) -> None:
        """Resume every process of a machine."""
        self.kubelets[machine].thaw()

    def api_away(self) -> None:
        """Stop the API server: no client can read or write."""
        self.context.answering = False

    def api_back(self) -> None:
        """Restart the API server, without its history.

        The node controller keeps trying and reconnects before any kubelet: after an outage longer
        than the grace period, all nodes count as lost.
        """
        self.store.compact()
        self.context.answering = True
        self.timeline.after(0.01, self._nodes.monitor_health)
        for kubelet in self.kubelets.values():
            kubelet.reconnect(lease=self.context.timing.retry)

    def _rail(self, machine: str, feed: FeedName, live: bool) -> None:
        kubelet = self.kubelets[machine]
        match feed:
            case "power":
                if live:
                    kubelet.power_on()
                else:
                    kubelet.power_off()
            case "network":
                kubelet.set_link(live)

    def _pod_changed(self, change: Change) -> None:
        """Notify a machine of a change of its pod, as its watch would."""
        name = change.object["spec"].get("nodeName")
        if name in self.kubelets:
            self.kubelets[name].pods.changed(change)

    def _namespace_added(self, change: Change) -> None:
        if change.what != "ADDED":
            return
        name = change.key[1]

        def activate(namespace: Obj) -> None:
            namespace["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = name
            namespace["spec"] = {"finalizers": ["kubernetes"]}
            namespace["status"] = {"phase": "Active"}

        def settle() -> None:
            if self.store.edit(NAMESPACES, change.key, activate) is None:
                return
            if self.store.find(CONFIG_MAPS, name, "kube-root-ca.crt") is None:
                meta = {"name": "kube-root-ca.crt", "namespace": name}
                self.store.create(CONFIG_MAPS, {"metadata": meta, "data": {"ca.crt": ""}})

        self.timeline.after(0.0, settle)

    def _service_ip(self) -> str:
        draw = self.timeline.random.randrange
        return f"10.96.{draw(256)}.{draw(1, 255)}"

    def _node_port(self) -> int:
        return self.timeline.random.randrange(30_000, 32_768)


def machines(count: int) -> tuple[SimMachine, ...]:
    """Any number of machines that share GPIO lines, for worlds without a controlling program.

    Only lines that are pulled down at boot: the others would open their relays at once.
    """
    wires = [Wire(9 + number % 19) for number in range(count)]
    return tuple(SimMachine(f"node{n}", wire, wire) for n, wire in enumerate(wires, 1))
