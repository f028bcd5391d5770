"""The node controller: when a lease expires, the node becomes Unknown and gets taints.

    every period: lease renewed? ─ no, longer than the grace ─► conditions Unknown, its pods unready
    node changed ─► NoSchedule taints at once, from its conditions
    every 0.1 s while nodes queue: NoExecute, one node per 1/rate seconds
    every period: node Ready again ─► NoExecute off

With 55 % of the zone and more than two nodes lost, small zones stop evicting. With all nodes lost,
existing NoExecute taints are withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable

from chaosmonkey.simcluster.apiserver.admission import NOT_READY, UNREACHABLE, UNSCHEDULABLE
from chaosmonkey.simcluster.apiserver.resources import LEASES, NODES, PODS
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import Controller, is_ready
from chaosmonkey.simcluster.events import Source
from chaosmonkey.simcluster.node.kubelet import LEASE_NAMESPACE
from chaosmonkey.simcluster.node.nodestatus import condition
from chaosmonkey.simcluster.node.pod_workers import node_of
from chaosmonkey.simcluster.timestamps import stamp

_SOURCE = Source("node-controller")
_KINDS = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")


class NodeLifecycle(Controller):
    """Monitors leases; marks, taints and untaints nodes."""

    def __init__(self, context: SimContext) -> None:
        super().__init__(context)
        self._seen: dict[str, tuple[str, float]] = {}
        self._queue: dict[str, None] = {}
        self._rate = context.timing.eviction_rate
        self._next_taint = 0.0
        self._all_lost = False
        self._taint_booked = False
        self.watch(NODES)
        context.store.subscribe(NODES, self._registered)
        context.timeline.after(context.timing.monitor_period, self._monitor_periodically)

    def _registered(self, change: Change) -> None:
        if change.what == "ADDED":
            name = change.key[1]
            text = f"Node {name} event: Registered Node {name} in Controller"
            self.context.events.record(change.object, "RegisteredNode", text, source=_SOURCE)

    def _monitor_periodically(self) -> None:
        drift = self.context.timeline.draw((0.001, 0.008))
        self.context.timeline.after(
            self.context.timing.monitor_period + drift, self._monitor_periodically
        )
        self.monitor_health()

    def monitor_health(self) -> None:
        """One pass over all nodes; while the API server is away, only note the time of silence."""
        for node in self.context.store.all(NODES):
            silent = self._silence(node)
            if self.context.answering:
                self._monitor(node, silent)
        if self.context.answering:
            self._classify_zone()

    def _silence(self, node: Obj) -> float:
        """Seconds since the first pass that saw the node's latest heartbeat."""
        name, now = node["metadata"]["name"], self.context.timeline.now
        lease = self.context.store.find(LEASES, LEASE_NAMESPACE, name)
        renewed = "" if lease is None else lease["spec"]["renewTime"]
        renewed += condition(node, "Ready").get("lastHeartbeatTime") or ""
        known, since = self._seen.get(name, ("", now))
        if known != renewed:
            since = now
        self._seen[name] = renewed, since
        return now - since

    def _monitor(self, node: Obj, silent: float) -> None:
        name = node["metadata"]["name"]
        ready = condition(node, "Ready").get("status")
        if silent > self.context.timing.grace and ready not in {None, "Unknown"}:
            self._mark_unknown(node, was_ready=ready == "True")
        elif ready == "True":
            self._queue.pop(name, None)
            if not any(self._tainted(node, key, "NoSchedule") for key in (UNREACHABLE, NOT_READY)):
                self._untaint(node)
        elif ready is not None and not self._all_lost:
            self._enqueue(node)

    def _mark_unknown(self, node: Obj, *, was_ready: bool) -> None:
        """Mark a node Unknown: its heartbeats stopped for longer than the grace period."""
        now = stamp(self.context.timeline.now)
        name = node["metadata"]["name"]

        def forget(node: Obj) -> None:
            for found in node["status"].get("conditions", ()):
                if found["type"] in _KINDS and found["status"] != "Unknown":
                    found["status"] = "Unknown"
                    found["reason"] = "NodeStatusUnknown"
                    found["message"] = "Kubelet stopped posting node status."
                    found["lastTransitionTime"] = now

        self.context.store.edit(NODES, ("", name), forget)
        if was_ready:
            text = f"Node {name} status is now: NodeNotReady"
            self.context.events.record(node, "NodeNotReady", text, source=_SOURCE)
            self._unready_pods(name)
        self._later(self.context.timeline.draw((0.02, 0.1)), lambda: self._enqueue_named(name))

    def _unready_pods(self, name: str) -> None:
        """Mark every ready pod of a lost node as not ready, one write at a time."""
        pods = self.context.store.index(PODS, "node", node_of).find(name)
        after = 0.0
        for pod in pods:
            if is_ready(pod):
                after += self.context.timeline.draw(self.context.timing.lag)
                self._later(after, lambda pod=pod: self._unready(pod))  # type: ignore[misc]

    def _unready(self, pod: Obj) -> None:
        now = stamp(self.context.timeline.now)

        def unready(pod: Obj) -> None:
            for found in pod["status"].get("conditions", ()):
                if found["type"] == "Ready" and found["status"] == "True":
                    found["status"] = "False"
                    found["lastTransitionTime"] = now

        if self.context.store.edit(PODS, key_of(pod), unready, uid=pod["metadata"]["uid"]):
            self.context.events.record(
                pod, "NodeNotReady", "Node is not ready", source=_SOURCE, severity="Warning"
            )

    def sync(self, key: Key) -> None:
        """Set a node's NoSchedule taints from its conditions."""
        node = self.context.store.find(NODES, *key)
        if node is None:
            self._seen.pop(key[1], None)
            self._queue.pop(key[1], None)
            return
        ready = condition(node, "Ready").get("status")
        wanted = {
            NOT_READY: ready not in {"True", "Unknown"},
            UNREACHABLE: ready == "Unknown",
            UNSCHEDULABLE: bool(node["spec"].get("unschedulable")),
        }
        self._retaint(node, "NoSchedule", wanted)
        if ready == "False" and self._tainted(node, UNREACHABLE):
            self._swap_taint(node)

    def _swap_taint(self, node: Obj) -> None:
        """Change NoExecute from unreachable to not-ready: the node reports again, but NotReady."""
        name = node["metadata"]["name"]

        def swap() -> None:
            found = self.context.store.find(NODES, "", name)
            if found is not None and condition(found, "Ready").get("status") == "False":
                self._retaint(found, "NoExecute", {UNREACHABLE: False, NOT_READY: True})

        self._later(self.context.timeline.draw((0.0, self.context.timing.monitor_period)), swap)

    def _enqueue_named(self, name: str) -> None:
        node = self.context.store.find(NODES, "", name)
        if node is not None:
            self._enqueue(node)

    def _enqueue(self, node: Obj) -> None:
        """Queue a node that is not Ready for its NoExecute taint."""
        name = node["metadata"]["name"]
        if self._tainted(node, UNREACHABLE) or self._tainted(node, NOT_READY):
            return
        self._queue.setdefault(name)
        if not self._taint_booked:
            self._taint_booked = True
            self._later(
                self.context.timeline.draw((0.01, self.context.timing.taint_pass)), self._taint_next
            )

    def _taint_next(self) -> None:
        """Taint the next node in the queue, if the rate allows; repeat while nodes wait."""
        self._taint_booked = False
        rate = self._rate
        if self._queue and rate > 0 and self.context.timeline.now >= self._next_taint:
            name = next(iter(self._queue))
            del self._queue[name]
            node = self.context.store.find(NODES, "", name)
            status = condition(node, "Ready").get("status") if node else "True"
            if node is not None and status != "True":
                self._next_taint = self.context.timeline.now + 1 / rate
                unknown = status == "Unknown"
                wanted = {UNREACHABLE: unknown, NOT_READY: not unknown}
                self._retaint(node, "NoExecute", wanted)
        if self._queue and not self._taint_booked and rate > 0:
            self._taint_booked = True
            wait = max(self.context.timing.taint_pass, self._next_taint - self.context.timeline.now)
            self._later(wait, self._taint_next)

    def _classify_zone(self) -> None:
        """Set the rate of NoExecute taints: the more nodes are lost, the slower.

        If all nodes are lost, the cause is not the nodes, so their taints are withdrawn. When the
        rate rises from zero, the first taint waits for a full interval.
        """
        nodes = self.context.store.all(NODES)
        total = len(nodes)
        lost = sum(condition(node, "Ready").get("status") != "True" for node in nodes)
        all_lost = total > 0 and lost == total
        if all_lost:
            self._queue.clear()
            for node in nodes:
                self._untaint(node)
        elif self._all_lost:
            # Restart all grace periods: the silence before does not count.
            now = self.context.timeline.now
            self._seen = {name: (text, now) for name, (text, _) in self._seen.items()}
        self._all_lost = all_lost
        rate = self._rate_for(lost, total)
        if rate > 0 and self._rate == 0:
            self._next_taint = self.context.timeline.now + 1 / rate
        self._rate = rate

    def _rate_for(self, lost: int, total: int) -> float:
        """Nodes per second that may be tainted NoExecute when `lost` of `total` are lost."""
        timing = self.context.timing
        if total and lost == total:
            return 0.0
        if lost > 2 and lost / total >= timing.unhealthy_threshold:
            return timing.secondary_eviction_rate if total > timing.large_cluster else 0.0
        return timing.eviction_rate

    def _untaint(self, node: Obj) -> None:
        self._retaint(node, "NoExecute", {UNREACHABLE: False, NOT_READY: False})

    @staticmethod
    def _tainted(node: Obj, key: str, effect: str = "NoExecute") -> bool:
        return any(
            taint["key"] == key and taint["effect"] == effect
            for taint in node["spec"].get("taints", ())
        )

    def _retaint(self, node: Obj, effect: str, wanted: dict[str, bool]) -> None:
        """Set or remove the taints in `wanted` for one effect; keep all others."""
        old = node["spec"].get("taints", [])
        kept = [t for t in old if t["effect"] != effect or wanted.get(t["key"], True)]
        there = {t["key"] for t in kept if t["effect"] == effect}
        now = stamp(self.context.timeline.now)
        kept += [
            {"key": key, "effect": effect, "timeAdded": now}
            for key, want in wanted.items()
            if want and key not in there
        ]
        if kept == old:
            return

        def retaint(node: Obj) -> None:
            node["spec"]["taints"] = kept
            if not kept:
                del node["spec"]["taints"]

        self.context.store.edit(NODES, key_of(node), retaint)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something later; while the API server is away, retry every 0.5 s."""

        def run() -> None:
            if self.context.answering:
                call()
            else:
                self._later(0.5, call)

        self.context.timeline.after(seconds, run)
