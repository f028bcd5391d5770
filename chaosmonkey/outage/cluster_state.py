"""The current state of the cluster, folded from its events; the tracker and the pages read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from chaosmonkey.model import (
    Changed,
    ClockStepped,
    CutShort,
    EndpointSlice,
    Event,
    FeedKind,
    FeedSensed,
    FeedState,
    Fresh,
    Lease,
    Node,
    PlugRestored,
    Pod,
    Removed,
    Stale,
    Unseen,
    Workload,
)
from chaosmonkey.outage.blindness import extended, recent
from chaosmonkey.outage.lineage import Lineages, WorkloadKey

FINISHED = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class Sign:
    """A machine's last sign of life: the renewal of its lease.

    Attributes:
        at: when we received it.
        interval: seconds since the renewal before it, or a quarter of the lease's duration (the
            kubelet's renewal interval) while only one was seen.
        renewed: its time by the machine's own clock.
        newest: the newest such time so far.
        duration: the lease's duration, in seconds.
        late: by how many seconds we may have received it late, because we were blind just then.
    """

    at: float
    interval: float
    renewed: float
    newest: float
    duration: float
    late: float = 0.0

    @property
    def ignored(self) -> bool:
        """Whether Kubernetes ignores it, which it does unless the time is newer than all before."""
        return self.renewed < self.newest

    @property
    def behind(self) -> float:
        """Seconds by which the machine's clock is behind ours, or at least behind its own past."""
        return max(self.at, self.newest) - self.renewed


class ClusterState:
    """The last known state of the cluster. `apply` changes it, everything else only reads.

    Attributes:
        stale: since when, and why, this may be out of date; None while it is not.
        returned: when each node last regained a feed or became Ready.
        sensed: the last reading of each node's feeds.
        cut_short: the last cut of each node that was interrupted while its device was switching.
        trusted_since: from when on nothing was missed.
        unseen: the gaps that still matter, oldest first.
        kubelets_seen_since: from when on at least one kubelet always renewed its lease. Before that
            all were silent together, as they are when the API server is away.
    """

    def __init__(self, began: float = 0.0) -> None:
        self.nodes: dict[str, Node] = {}
        self.pods: dict[str, Pod] = {}
        self.workloads: dict[str, Workload] = {}
        self.slices: dict[str, EndpointSlice] = {}
        self.signs: dict[str, Sign] = {}
        self.returned: dict[str, float] = {}
        self.sensed: dict[tuple[str, FeedKind], FeedState] = {}
        self.cut_short: dict[str, CutShort] = {}
        self.lineages = Lineages()
        self.stale: Stale | None = Stale(began, "the cluster has not answered yet")
        self.trusted_since = 0.0
        self.unseen: tuple[Unseen, ...] = (Unseen(began),)
        self.kubelets_seen_since = 0.0
        self._any_renewal = 0.0
        self._pods_on: defaultdict[str, set[str]] = defaultdict(set)
        self._desired: dict[WorkloadKey, int] = {}

    def apply(self, event: Event) -> Node | Stale | None:
        """Fold in one event; return the node or the staleness that it replaced, if any."""
        before: Node | Stale | None = None
        self.unseen = recent(extended(self.unseen, event), event.at)
        match event:
            case Changed() | Removed():
                before = self._object(event)
            case FeedSensed(node=name, feed=feed, state=state, at=at):
                self.sensed[name, feed] = state
                if state is FeedState.ON:
                    self.returned[name] = at
            case CutShort(node=name):
                self.cut_short[name] = event
            case PlugRestored(node=name, at=at):
                self.returned[name] = at
            case Stale():
                self.stale = event
                if event.replaced:
                    self.signs.clear()
            case Fresh(at):
                before, self.stale = self.stale, None
                self.trusted_since = at
            case ClockStepped(by):
                self._move_moments(by)
            case _:
                pass  # cuts and time change nothing here
        return before

    def _object(self, event: Changed | Removed) -> Node | None:
        before = None
        match event:
            case Changed(Pod() as pod):
                self._pod_changed(pod)
            case Removed(Pod() as pod):
                self._pod_removed(pod)
            case Changed(Node() as node, at):
                before = self.nodes.get(node.name)
                if node.is_ready and (before is None or not before.is_ready):
                    self.returned[node.name] = at
                self.nodes[node.name] = node
            case Removed(Node() as node):
                self.nodes.pop(node.name, None)
                self.signs.pop(node.name, None)
            case Changed(Lease() as lease, at):
                self._renewed(lease, at)
            case Changed(Workload() as workload):
                self.workloads[workload.uid] = workload
                key = workload.namespace, workload.kind, workload.name
                self._desired[key] = workload.desired
            case Removed(Workload() as workload):
                self.workloads.pop(workload.uid, None)
                self._desired[workload.namespace, workload.kind, workload.name] = 0
            case Changed(EndpointSlice() as slice_):
                self.slices[slice_.uid] = slice_
            case Removed(EndpointSlice() as slice_):
                self.slices.pop(slice_.uid, None)
            case _:
                pass  # Kubernetes Events, written for people, change nothing here
        return before

    def pods_on(self, node: str) -> Iterator[Pod]:
        """The pods that are bound to a node and have not finished."""
        for uid in self._pods_on[node]:
            pod = self.pods[uid]
            if pod.phase not in FINISHED:
                yield pod

    def workload_of(self, pod: Pod) -> WorkloadKey | None:
        """A pod's top controller: its Deployment, not its ReplicaSet. None for a bare pod."""
        owner = pod.owner
        if owner is None or owner.kind == "Node":
            return None
        if owner.kind == "ReplicaSet":
            replica_set = self.workloads.get(owner.uid)
            if replica_set is None:
                # Its ReplicaSet comes by another watch and may be late: derive the Deployment's
                # name from its name.
                return pod.namespace, "Deployment", owner.name.rpartition("-")[0] or owner.name
            owner = replica_set.owner or owner
        return pod.namespace, owner.kind, owner.name

    def has_all(self, workload: WorkloadKey, *, without: Collection[str]) -> bool:
        """Whether a workload has as many Ready pods as it wants, not counting some uids.

        A deleted workload wants none; for an unknown one the answer is False.
        """
        desired = self._desired.get(workload)
        living = self.lineages.living(workload)
        if desired is None or len(living) < desired:
            return False
        return sum(uid not in without and self.pods[uid].ready for uid in living) >= desired

    def others_renewed_since(self, node: str, moment: float) -> bool:
        """Whether another machine's lease was renewed after a moment, or no other has one."""
        others = [sign.at for name, sign in self.signs.items() if name != node]
        return not others or max(others) > moment

    def unseen_at(self, moment: float, *, paused: bool = False) -> Unseen | None:
        """The earliest gap that delayed what we receive at a moment, if there is one.

        `paused` considers only gaps that delay plugs and sensors too.
        """
        covering = (one for one in self.unseen if one.covers(moment) and (one.paused or not paused))
        return min(covering, key=lambda one: one.since, default=None)

    def not_ready(self) -> Collection[str]:
        """The names of the nodes that are not Ready."""
        return [node.name for node in self.nodes.values() if not node.is_ready]

    def services(self) -> Mapping[tuple[str, str], tuple[int, int]]:
        """(namespace, service) → (ready addresses, all addresses)."""
        counts: dict[tuple[str, str], tuple[int, int]] = {}
        for slice_ in self.slices.values():
            key = slice_.namespace, slice_.service
            ready, total = counts.get(key, (0, 0))
            counts[key] = ready + slice_.ready, total + slice_.total
        return counts

    def _pod_changed(self, pod: Pod) -> None:
        before = self.pods.get(pod.uid)
        if before is not None and before.node is not None and before.node != pod.node:
            self._pods_on[before.node].discard(pod.uid)
        self.pods[pod.uid] = pod
        if pod.node is not None:
            self._pods_on[pod.node].add(pod.uid)
        if before is None:
            workload = self.workload_of(pod)
            self.lineages.see(pod, workload, self._desired.get(workload) if workload else None)
        if pod.phase == "Succeeded" and not pod.deleting:
            self.lineages.finish(pod)
        elif pod.deleting or pod.phase in FINISHED:
            self.lineages.lose(pod)

    def _pod_removed(self, pod: Pod) -> None:
        self.pods.pop(pod.uid, None)
        if pod.node is not None:
            self._pods_on[pod.node].discard(pod.uid)
        self.lineages.lose(pod)

    def _move_moments(self, by: float) -> None:
        self.signs = {name: replace(one, at=one.at + by) for name, one in self.signs.items()}
        self.returned = {name: at + by for name, at in self.returned.items()}
        self.cut_short = {
            name: replace(cut, commanded=cut.commanded + by, at=cut.at + by)
            for name, cut in self.cut_short.items()
        }
        self.trusted_since += by
        self.unseen = tuple(one.later(by) for one in self.unseen)
        self.kubelets_seen_since += by
        self._any_renewal += by
        if self.stale is not None:
            self.stale = replace(self.stale, at=self.stale.at + by)

    def clock_behind(self, node: str) -> float | None:
        """Seconds by which a node's clock is behind, if Kubernetes ignores its signs of life."""
        sign = self.signs.get(node)
        return sign.behind if sign is not None and sign.ignored else None

    def _renewed(self, lease: Lease, at: float) -> None:
        before = self.signs.get(lease.node)
        if before is not None and lease.renewed == before.renewed:
            return
        newest = lease.renewed if before is None else max(lease.renewed, before.newest)
        usual = lease.duration / 4
        interval = usual if before is None else at - before.at + before.late
        late = 0.0
        if (unseen := self.unseen_at(at)) is not None:
            # Several renewals may have waited together: the time between them means nothing.
            late, interval = at - unseen.since, usual
        self.signs[lease.node] = Sign(at, interval, lease.renewed, newest, lease.duration, late)
        if at - self._any_renewal > lease.duration / 2:
            self.kubelets_seen_since = at
        self._any_renewal = at
