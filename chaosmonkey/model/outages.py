"""An outage: one episode from a lost machine until the cluster is whole again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from chaosmonkey.model.feeds import FeedKind


class Origin(StrEnum):
    """How an outage began."""

    COMMANDED = "commanded"
    OBSERVED = "observed"


class Cause(StrEnum):
    """Why an outage without a command began, as far as sensors show."""

    HAND = "hand"
    """One feed was lost though its plug is on: pulled by hand, a loose cable, a fuse."""
    SUPPLY = "supply"
    """All watched power feeds were lost together: their supply failed."""
    SWITCHED = "switched"
    """Its plug is off, and this server did not switch it."""
    FAULT = "fault"
    """Its node fell silent though it has power: the machine itself failed, or its network."""
    CUT_SHORT = "cut-short"
    """A cut of ours was interrupted while its device was switching, and no sensor saw the loss."""


class Clocked(StrEnum):
    """The source of t0."""

    READ_BACK = "read-back"
    """The plug, when it was read back as off."""
    SENSOR = "sensor"
    """The sensor of the feed."""
    LAST_SIGN = "last sign"
    """The machine's last sign of life."""


class Fate(StrEnum):
    """What Kubernetes can do about a pod whose machine is lost."""

    MOVES = "moves"
    """Its controller creates a successor elsewhere (Deployment, ReplicaSet, Job, …)."""
    WAITS = "waits"
    """Nothing replaces it before its machine is back: its controller wants the old pod gone first
    (a StatefulSet, some Jobs and operators), or it tolerates a lost machine without limit."""
    STAYS = "stays"
    """A DaemonSet pod belongs to its machine and is not replaced elsewhere."""
    LOST = "lost"
    """No controller: once evicted, it is not recreated."""


class Outcome(StrEnum):
    """How an outage ended."""

    RECOVERED = "recovered"
    UNNOTICED = "unnoticed"
    INCOMPLETE = "incomplete"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class Successor:
    """The pod that a controller created in place of a displaced one. All moments as received.

    Attributes:
        ready: when it was Ready, or had completed its work.
        waiting: the reason in its status while it is not Ready.
        warned: the last warning event about it.
    """

    uid: str
    name: str
    created: float
    node: str | None = None
    scheduled: float | None = None
    ready: float | None = None
    waiting: str = ""
    warned: str = ""

    def later(self, by: float) -> Successor:
        """The same with every moment `by` seconds later."""
        return replace(
            self,
            created=self.created + by,
            scheduled=_later(self.scheduled, by),
            ready=_later(self.ready, by),
        )


@dataclass(frozen=True, slots=True)
class Displaced:
    """A pod that was on the machine at t0, and what became of it.

    Attributes:
        workload: its top controller as "Deployment/shop", "" for a bare pod.
        lineage: the identity it shares with its successors.
        restarts: restart count at t0, to distinguish a restart from a pod that kept running.
        disturbed: it was seen not Ready after t0.
        evicted: when it was marked for deletion.
        gone: when the object was removed or had failed: nothing of it is left on its machine.
        finished: when its work was complete, like that of a Job's pod; it needs no successor.
        returned: when it was itself Ready again, without a successor.
        unneeded: when its workload had all the Ready pods it wants without a successor of this
            one: a rollout created others, fewer are wanted, or the workload was deleted.
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
    finished: float | None = None
    returned: float | None = None
    unneeded: float | None = None
    successor: Successor | None = None

    @property
    def resolved(self) -> float | None:
        """When its work was complete or running again: by a successor, by itself or by others."""
        if self.successor is not None and self.successor.ready is not None:
            return self.successor.ready
        moments = self.finished, self.returned, self.unneeded
        return next((moment for moment in moments if moment is not None), None)

    def later(self, by: float) -> Displaced:
        """The same with every moment `by` seconds later."""
        return replace(
            self,
            evicted=_later(self.evicted, by),
            gone=_later(self.gone, by),
            finished=_later(self.finished, by),
            returned=_later(self.returned, by),
            unneeded=_later(self.unneeded, by),
            successor=None if self.successor is None else self.successor.later(by),
        )

    @property
    def kind(self) -> str:
        """The kind of its top controller, such as "Deployment"; "" for a bare pod."""
        return self.workload.partition("/")[0]


def _later(moment: float | None, by: float) -> float | None:
    return None if moment is None else moment + by


@dataclass(frozen=True, slots=True)
class Unseen:
    """A gap in our view: what was received by `read_by` may have happened as early as `since`.

    Attributes:
        until: when it ended; None while it lasts.
        read_by: by when everything that waited has been received; None while it lasts.
        paused: this process did not run, so that plugs and sensors were not read either.
            Otherwise only the cluster could not be watched.
    """

    since: float
    until: float | None = None
    read_by: float | None = None
    paused: bool = False

    def covers(self, moment: float) -> bool:
        """Whether something received at a moment may have happened earlier because of this gap."""
        return self.since < moment and (self.read_by is None or moment <= self.read_by)

    def later(self, by: float) -> Unseen:
        """The same with every moment `by` seconds later."""
        return replace(
            self,
            since=self.since + by,
            until=_later(self.until, by),
            read_by=_later(self.read_by, by),
        )


@dataclass(frozen=True, slots=True)
class Outage:
    """One episode from a cut, commanded or observed, until the cluster is whole again.

    All moments share one t0: the loss of the feed, as its sensor saw it. Without a sensor it is the
    moment at which the plug was read back as off or, for an observed outage, the machine's last
    sign of life. The true t0 lies up to `t0_within` seconds later.

    A moment is when we received the news, which is the latest it can have happened. `unseen` lists
    the gaps in which it may have been earlier.

    Attributes:
        id: such as "20261120-101500-node3": when it began (UTC) and where.
        feed: what was lost; None if there was no command and no sensor saw it.
        clocked: the source of t0.
        cause: why, if there was no command and it is known.
        whole: no displaced pod that will be replaced is still missing, including StatefulSets.
        held: why Kubernetes holds the eviction back; "" if it does not.
        blind: the longest time in seconds for which the cluster could not be watched.
        unseen: the gaps in our view, oldest first.
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
    clocked: Clocked = Clocked.READ_BACK
    cause: Cause | None = None
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
    unseen: tuple[Unseen, ...] = ()
    interrupted: str = ""

    @property
    def moving(self) -> tuple[Displaced, ...]:
        """The displaced pods whose controller creates a successor elsewhere."""
        return tuple(pod for pod in self.displaced if pod.fate is Fate.MOVES)

    def later(self, by: float) -> Outage:
        """The same with every moment `by` seconds later, after a clock correction."""
        return replace(
            self,
            t0=self.t0 + by,
            restore_by=_later(self.restore_by, by),
            commanded=_later(self.commanded, by),
            not_ready=_later(self.not_ready, by),
            tainted=_later(self.tainted, by),
            recovered=_later(self.recovered, by),
            whole=_later(self.whole, by),
            restored=_later(self.restored, by),
            rejoined=_later(self.rejoined, by),
            cleaned=_later(self.cleaned, by),
            closed=_later(self.closed, by),
            displaced=tuple(pod.later(by) for pod in self.displaced),
            unseen=tuple(one.later(by) for one in self.unseen),
        )
