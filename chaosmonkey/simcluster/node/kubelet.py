"""The kubelet of one simulated machine: its lease and its node's status.

    power ─► boot ─► register ─► lease, every renewal ─► …
                        └──────► status, when it differs or is old
    link lost: everything runs on, nothing is posted     power lost: everything stops

Its pods are in `pod_workers.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from chaosmonkey.simcluster.apiserver.resources import LEASES, NODES
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.events import Severity, Source
from chaosmonkey.simcluster.node import nodestatus
from chaosmonkey.simcluster.node.nodestatus import NodeIdentity, condition
from chaosmonkey.simcluster.node.pod_workers import PodWorkers
from chaosmonkey.simcluster.timeline import Booking, Span
from chaosmonkey.simcluster.timestamps import micro_stamp, stamp

LEASE_NAMESPACE = "kube-node-lease"
_JITTER = 0.04
_RUNTIME_STALE = 30.0
_SECOND_REPORT = 30.0
_HUNG = 0.5


_BACKOFF = 0.8
_LONGEST_BACKOFF = 30.0
"""Seconds between two attempts of a watch: doubled each time, plus up to as much by chance
(client-go's reflector)."""


def backoff_left(outage: float, draw: Callable[[Span], float]) -> float:
    """Seconds from the end of an outage to the next attempt of a watch that failed all along."""
    tried, backoff = 0.0, _BACKOFF
    while tried <= outage:
        tried += draw((backoff, 2 * backoff))
        backoff = min(2 * backoff, _LONGEST_BACKOFF)
    return tried - outage


class Kubelet:
    """The node agent of one machine, with the machine's power and link as inputs."""

    def __init__(self, identity: NodeIdentity, context: SimContext) -> None:
        self.identity = identity
        self.powered = False
        self.running = False
        self.linked = True
        self.frozen = False
        self.pods = PodWorkers(identity, context, lambda: self.connected, self._reconcile_later)
        self._context = context
        self._source = Source("kubelet", identity.name)
        self._boot_id = ""
        self._registered = False
        self._cut: float | None = None
        self._stale_until = 0.0
        self._reported = 0.0
        self._froze = 0.0
        self._healthy = True
        self._bookings: dict[str, Booking] = {}

    @property
    def connected(self) -> bool:
        """Whether the kubelet can reach the API server."""
        return self.running and self.linked and not self.frozen and self._context.answering

    def power_on(self, *, boot: float | None = None) -> None:
        """Power on: the machine boots; its kubelet runs after `boot` seconds (default: drawn)."""
        if self.powered:
            return
        self.powered = True
        seconds = self._context.timeline.draw(self._context.timing.boot) if boot is None else boot
        self._book("boot", seconds, self._run)

    def power_off(self) -> None:
        """Power off: everything on the machine stops at once, without a last report."""
        self.powered = self.running = self.frozen = False
        self._cut, self._stale_until = None, 0.0
        for booking in self._bookings.values():
            booking.cancel()
        self._bookings.clear()
        self.pods.power_off()

    def set_link(self, live: bool, *, resets: bool = False) -> None:
        """Connect or cut the link.

        A cut link drops packets silently. One that `resets` lets every connection fail at once, so
        that the kubelet's watches wait longer and longer before they try again.
        """
        if live != self.linked:
            self.linked = live
            now = self._context.timeline.now
            if not live:
                self._cut = now if resets else None
            elif self._cut is None:
                self.reconnect()
            else:
                self._rewatch(now - self._cut)

    def _rewatch(self, outage: float) -> None:
        """Catch up after resets: leases resume at once, the watches at their next attempt."""
        self.reconnect()
        if not self.connected:
            return
        draw = self._context.timeline.draw
        node, pods = backoff_left(outage, draw), backoff_left(outage, draw)
        self._stale_until = self._context.timeline.now + node
        self._reported = 0.0
        self._book("status", draw(self._context.timing.back_online), self._check)
        self.pods.watching = False
        self._book("pods", pods, self.pods.catch_up)
        # Until then, the status manager compares the pods with an old copy.
        self._book("reconcile", pods + draw(self._context.timing.reconcile), self.pods.reconcile)

    def reconnect(self, *, lease: Span | None = None) -> None:
        """Catch up after the link or the API server is back; renew the lease after `lease`."""
        if not self.connected:
            return
        timing, draw = self._context.timing, self._context.timeline.draw
        first = draw(lease or timing.lease_back)
        self._book("lease", first, self._renew)
        # A pending post arrives at once; if it timed out, the next one does.
        hung = self._context.timeline.random.random() < _HUNG
        status = first if hung and lease is None else draw(timing.back_online)
        self._book("status", max(first, status), self._check)
        self._book("pods", draw(timing.notice), self.pods.catch_up)
        self._book("reconcile", draw(timing.reconcile), self.pods.reconcile)

    def _reconcile_later(self) -> None:
        """Restore the pods' true status at the next turn of the status manager."""
        booked = self._bookings.get("reconcile")
        if booked is None or not booked.pending:
            seconds = self._context.timeline.draw(self._context.timing.reconcile)
            self._book("reconcile", seconds, self.pods.reconcile)

    def freeze(self) -> None:
        """Stop every process on the machine; time goes on."""
        self.frozen = True
        self._froze = self._context.timeline.now
        self.pods.pause()

    def thaw(self) -> None:
        """Resume its processes; after a long freeze the kubelet reports its runtime as down."""
        if not self.frozen:
            return
        self.frozen = False
        stale = self._context.timeline.now - self._froze > _RUNTIME_STALE
        self.pods.unpause()
        timing, draw = self._context.timing, self._context.timeline.draw
        self._book("lease", draw(timing.notice), self._renew)
        if stale:
            self._healthy = False
            self._book("status", draw(timing.notice), self._check)
            self._book("healthy", timing.status_period + draw(timing.lease_back), self._recovered)
            self._book("pods", draw(timing.first_sync), self.pods.catch_up)
            self._book("reconcile", timing.status_period - 0.9, self.pods.reconcile)
        else:
            self._book("status", draw(timing.back_online), self._check)
            self._book("pods", draw(timing.notice), self.pods.catch_up)
            self._book("reconcile", draw(timing.reconcile), self.pods.reconcile)

    def _recovered(self) -> None:
        self._healthy = True
        self._check()

    def _run(self) -> None:
        """Start the kubelet: events, lease, status, and a moment later its pods."""
        timing, timeline = self._context.timing, self._context.timeline
        self.running = True
        self._healthy = True
        self._boot_id = str(uuid.UUID(int=timeline.random.getrandbits(128), version=4))
        self._registered = False
        self._reported = 0.0
        self._context.events.forget(self._source)
        if self.connected:
            self._record("Starting", "Starting kubelet.")
            self._record_sufficient()
        self._book("lease", timeline.draw(timing.lease_back) / 4, self._renew)
        self._book("status", timeline.draw(timing.register), self._check)
        self._book("pods", timeline.draw(timing.first_sync), self.pods.restore)

    def _renew(self) -> None:
        timing, timeline = self._context.timing, self._context.timeline
        jitter = timeline.draw((1 - _JITTER, 1 + _JITTER))
        self._book("lease", timing.lease_renewal * jitter, self._renew)
        if not self.connected:
            return
        now = micro_stamp(timeline.now)

        def renew(lease: Obj) -> None:
            lease["spec"]["renewTime"] = now

        name = self.identity.name
        if self._context.store.edit(LEASES, (LEASE_NAMESPACE, name), renew) is None:
            self._new_lease(now)

    def _new_lease(self, now: str) -> None:
        name, store = self.identity.name, self._context.store
        node = store.find(NODES, "", name)
        if node is None:
            return
        owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}
        seconds = int(self._context.timing.lease_duration)
        spec = {"holderIdentity": name, "leaseDurationSeconds": seconds, "renewTime": now}
        meta = {"name": name, "namespace": LEASE_NAMESPACE, "ownerReferences": [owner]}
        store.create(LEASES, {"metadata": meta, "spec": spec})

    def _check(self) -> None:
        """Post the node's status if it differs or is old."""
        timing, timeline = self._context.timing, self._context.timeline
        self._book("status", timing.status_period, self._check)
        if not self.connected:
            return
        node = self._context.store.find(NODES, "", self.identity.name)
        if node is None and self._registered:
            return  # A running kubelet does not register again; a restarted one does.
        if node is None:
            node = self._context.store.create(NODES, nodestatus.new_node(self.identity))
        self._registered = True
        ready = condition(node, "Ready").get("status")
        rebooted = node["status"].get("nodeInfo", {}).get("bootID", self._boot_id) != self._boot_id
        differs = ready != ("True" if self._healthy else "False")
        if timeline.now < self._stale_until:
            # The kubelet compares with an old copy of its node, in which it is still Ready.
            if not self._reported:
                self._reported = timeline.now
                self._beat()
            return
        if not (rebooted or differs) and timeline.now - self._reported < timing.status_report:
            return
        self._reported = timeline.now + timeline.draw((-0.1, 0.1)) * timing.status_report
        if rebooted or differs:
            # A new kubelet soon posts again, when it knows more, such as its images.
            self._reported += _SECOND_REPORT - timing.status_report

        def post(node: Obj) -> None:
            nodestatus.post(
                node,
                self.identity,
                self._boot_id,
                timeline.now,
                images=self.pods.images,
                healthy=self._healthy,
            )

        self._context.store.edit(NODES, ("", self.identity.name), post)
        if rebooted:
            text = f"Node {self.identity.name} has been rebooted, boot id: {self._boot_id}"
            self._record("Rebooted", text, warning=True)
        if rebooted or differs:
            self._record_sufficient()
        if differs:
            self._record_status("NodeReady" if self._healthy else "NodeNotReady")

    def _beat(self) -> None:
        """Post new heartbeats, and no condition."""
        now = stamp(self._context.timeline.now)

        def beat(node: Obj) -> None:
            for found in node["status"]["conditions"]:
                found["lastHeartbeatTime"] = now

        self._context.store.edit(NODES, ("", self.identity.name), beat)

    def _record_sufficient(self) -> None:
        for reason in nodestatus.SUFFICIENT:
            self._record_status(reason)

    def _record_status(self, reason: str) -> None:
        self._record(reason, f"Node {self.identity.name} status is now: {reason}")

    def _record(self, reason: str, message: str, *, warning: bool = False) -> None:
        about: Obj = {
            "kind": "Node",
            "apiVersion": "v1",
            "metadata": {"name": self.identity.name, "uid": self.identity.name},
        }
        severity: Severity = "Warning" if warning else "Normal"
        self._context.events.record(
            about, reason, message, source=self._source, severity=severity, anonymous=True
        )

    def _book(self, what: str, seconds: float, call: Callable[[], None]) -> None:
        if what in self._bookings:
            self._bookings[what].cancel()
        self._bookings[what] = self._context.timeline.after(seconds, call)
