"""The node controller: when a lease expires, the node becomes Unknown and gets taints.

    every period: lease renewed? ─ no, longer than the grace ─► conditions Unknown, its pods unready
    node changed ─► NoSchedule taints at once, from its conditions
    every 0.1 s while nodes queue: NoExecute, one node per 1/rate seconds
    every period: node Ready again ─► NoExecute off

With 55 % of a zone and more than two of its nodes lost, small zones stop evicting. With all nodes
lost, existing NoExecute taints are withdrawn. `throttle.py` limits how fast all this is written.
"""

from __future__ import annotations

from collections.abc import Callable

from chaosmonkey.simcluster.apiserver.admission import NOT_READY, UNREACHABLE
from chaosmonkey.simcluster.apiserver.resources import LEASES, NODES, PODS
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import Controller, is_ready
from chaosmonkey.simcluster.controllers.taints import has_taint, no_schedule, retainted
from chaosmonkey.simcluster.controllers.throttle import ClientThrottle
from chaosmonkey.simcluster.controllers.zones import Zone, by_zone, rate_in, state_of, zone_of
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
        self._zones: dict[str, Zone] = {}
        self._throttle = ClientThrottle(context.timeline)
        self._queued: set[str] = set()
        self._all_lost = False
        self.watch(NODES)
        self.follow(NODES, self._registered)
        context.timeline.after(context.timing.monitor_period, self._monitor_periodically)

    def _registered(self, change: Change) -> None:
        name = change.key[1]
        if change.what == "ADDED":
            text = f"Node {name} event: Registered Node {name} in Controller"
            self.context.events.record(change.object, "RegisteredNode", text, source=_SOURCE)
        elif change.what == "DELETED":
            text = f"Node {name} event: Removing Node {name} from Controller"
            self.context.events.record(change.object, "RemovingNode", text, source=_SOURCE)

    def _monitor_periodically(self) -> None:
        drift = self.context.timeline.draw((0.001, 0.008))
        self.context.timeline.after(
            self.context.timing.monitor_period + drift, self._monitor_periodically
        )
        self.monitor_health()

    def monitor_health(self) -> None:
        """One pass over all nodes; while the API server is away, only note the time of silence."""
        for node in self.context.store.all(NODES):
            self.skipping(node, lambda node=node: self._monitor(node))  # type: ignore[misc]
        if self.context.answering:
            self._classify_zones()

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

    def _monitor(self, node: Obj) -> None:
        silent = self._silence(node)
        if not self.context.answering:
            return
        name = node["metadata"]["name"]
        ready = condition(node, "Ready").get("status")
        if silent > self.context.timing.grace and ready not in {None, "Unknown"}:
            was_ready = ready == "True"
            mark = f"mark {name}"
            self._write(mark, 1, lambda: self._mark_unknown(node, was_ready=was_ready))
        elif ready == "True":
            self._dequeue(name)
            if not any(has_taint(node, key, "NoSchedule") for key in (UNREACHABLE, NOT_READY)):
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
        self._throttle.owe_event()
        if was_ready:
            text = f"Node {name} status is now: NodeNotReady"
            self.context.events.record(node, "NodeNotReady", text, source=_SOURCE)
            self._unready_pods(name)
        self.later(self.context.timeline.draw((0.02, 0.1)), lambda: self._enqueue_named(name))

    def _unready_pods(self, name: str) -> None:
        """Mark every ready pod of a lost node as not ready, one write at a time."""
        pods = self.context.store.index(PODS, "node", node_of).find(name)
        after = 0.0
        for pod in pods:
            if is_ready(pod):
                after += self.context.timeline.draw(self.context.timing.lag)
                wait = after + self._throttle.reserve()
                self.later(wait, lambda pod=pod: self._unready(pod))  # type: ignore[misc]
                self._throttle.owe_event()

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
        """Set a node's NoSchedule taints from its conditions, as soon as the client may."""
        node = self.context.store.find(NODES, *key)
        if node is None:
            self._seen.pop(key[1], None)
            self._dequeue(key[1])
        elif self._lacks_taints(node):
            self._write(f"taint {key[1]}", 2, lambda: self._taint_conditions(key[1]))
        else:
            self._swap_if_not_ready(node)

    def _lacks_taints(self, node: Obj) -> bool:
        taints: list[Obj] = node["spec"].get("taints", [])
        return retainted(taints, "NoSchedule", no_schedule(node), "") != taints

    def _taint_conditions(self, name: str) -> None:
        """Set a node's NoSchedule taints; a node that is back meanwhile gets none."""
        node = self.context.store.find(NODES, "", name)
        if node is not None:
            self._retaint(node, "NoSchedule", no_schedule(node))
            self._swap_if_not_ready(node)

    def _swap_if_not_ready(self, node: Obj) -> None:
        ready = condition(node, "Ready").get("status")
        if ready == "False" and has_taint(node, UNREACHABLE):
            self._swap_taint(node)

    def _swap_taint(self, node: Obj) -> None:
        """Change NoExecute from unreachable to not-ready: the node reports again, but NotReady."""
        name = node["metadata"]["name"]

        def swap() -> None:
            found = self.context.store.find(NODES, "", name)
            if found is not None and condition(found, "Ready").get("status") == "False":
                self._retaint(found, "NoExecute", {UNREACHABLE: False, NOT_READY: True})

        self.later(self.context.timeline.draw((0.0, self.context.timing.monitor_period)), swap)

    def _enqueue_named(self, name: str) -> None:
        node = self.context.store.find(NODES, "", name)
        if node is not None:
            self._enqueue(node)

    def _zone(self, node: Obj) -> Zone:
        rate = self.context.timing.eviction_rate
        return self._zones.setdefault(zone_of(node), Zone(rate))

    def _dequeue(self, name: str) -> None:
        for zone in self._zones.values():
            zone.queue.pop(name, None)

    def _enqueue(self, node: Obj) -> None:
        """Queue a node that is not Ready for its NoExecute taint."""
        name = node["metadata"]["name"]
        if has_taint(node, UNREACHABLE) or has_taint(node, NOT_READY):
            return
        zone = self._zone(node)
        zone.queue.setdefault(name)
        if not zone.booked:
            zone.booked = True
            wait = self.context.timeline.draw((0.01, self.context.timing.taint_pass))
            self.later(wait, lambda: self._taint_next(zone))

    def _taint_next(self, zone: Zone) -> None:
        """Taint the next node in a zone's queue, if the rate allows; repeat while nodes wait."""
        zone.booked = False
        rate, now = zone.rate, self.context.timeline.now
        if zone.queue and rate > 0 and now >= zone.next_taint:
            name = next(iter(zone.queue))
            del zone.queue[name]
            node = self.context.store.find(NODES, "", name)
            status = condition(node, "Ready").get("status") if node else "True"
            if node is not None and status != "True":
                zone.next_taint = now + 1 / rate
                unknown = status == "Unknown"
                wanted = {UNREACHABLE: unknown, NOT_READY: not unknown}
                self._retaint(node, "NoExecute", wanted)
        if zone.queue and not zone.booked and rate > 0:
            zone.booked = True
            wait = max(self.context.timing.taint_pass, zone.next_taint - now)
            self.later(wait, lambda: self._taint_next(zone))

    def _classify_zones(self) -> None:
        """Set each zone's rate of NoExecute taints: the more nodes are lost, the slower.

        If all nodes are lost, the cause is not the nodes, so their taints are withdrawn.
        """
        timing, now = self.context.timing, self.context.timeline.now
        nodes = self.context.store.all(NODES)
        zones = by_zone(nodes)
        states = {name: state_of(lost, timing) for name, lost in zones.items()}
        all_lost = bool(states) and set(states.values()) == {"full"}
        if all_lost and not self._all_lost:
            for node in nodes:
                self._untaint(node)
        elif self._all_lost and not all_lost:
            # Restart all grace periods: the silence before does not count.
            self._seen = {name: (text, now) for name, (text, _) in self._seen.items()}
        self._all_lost = all_lost
        for name, state in states.items():
            zone = self._zones.setdefault(name, Zone(timing.eviction_rate))
            if all_lost:
                zone.queue.clear()
            rate = 0.0 if all_lost else rate_in(state, len(zones[name]), timing)
            zone.change_rate(rate, now)

    def _untaint(self, node: Obj) -> None:
        """Withdraw a node's NoExecute taints, as soon as the client may."""
        name = node["metadata"]["name"]
        if not (has_taint(node, UNREACHABLE) or has_taint(node, NOT_READY)):
            return

        def withdraw() -> None:
            found = self.context.store.find(NODES, "", name)
            if found is not None:
                self._retaint(found, "NoExecute", {UNREACHABLE: False, NOT_READY: False})

        self._write(f"untaint {name}", 2, withdraw)

    def _retaint(self, node: Obj, effect: str, wanted: dict[str, bool]) -> None:
        """Set or remove the taints in `wanted` for one effect; keep all others."""
        old = node["spec"].get("taints", [])
        kept = retainted(old, effect, wanted, stamp(self.context.timeline.now))
        if kept == old:
            return

        def retaint(node: Obj) -> None:
            node["spec"]["taints"] = kept
            if not kept:
                del node["spec"]["taints"]

        self.context.store.edit(NODES, key_of(node), retaint)

    def _write(self, what: str, requests: int, call: Callable[[], None]) -> None:
        """Write something that takes some requests, now or when the client may; queue it once."""
        if what in self._queued:
            return
        wait = self._throttle.reserve(requests)
        if not wait:
            call()
            return
        self._queued.add(what)

        def write() -> None:
            self._queued.discard(what)
            call()

        self.later(wait, write)
