"""What the pages and scripts are shown: the values of `/api/state` and of the websocket's messages.

Moments are seconds since 1970 by the server's clock, which in a demo may run faster than real time;
milestones and phases are seconds from an outage's t0. What did not happen is null or absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chaosmonkey.audience.show import Scene
from chaosmonkey.control.cut_stages import CutStage
from chaosmonkey.model import Cause, Clocked, Fate, FeedKind, FeedState, Origin, Outcome
from chaosmonkey.outage.recovery import Phase
from chaosmonkey.outage.story import StoryLine
from chaosmonkey.outage.telling import Telling

PodState = Literal[
    "ready", "starting", "pending", "unreachable", "terminating", "failed", "finished"
]


@dataclass(frozen=True, slots=True)
class LimitsView:
    """What may be cut, as configured; times in seconds. docs/configuration.md explains each."""

    max_off: int
    min_ready: int
    min_seconds: float
    max_seconds: float
    machine_cooldown: float
    cooldown: float
    disarm_after: float
    quiet_hours: tuple[str, ...]
    protected: tuple[str, ...]
    protected_roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClusterView:
    """The cluster as a whole, and how far this server can be believed.

    Attributes:
        stale_since: since when the cluster has not been seen; null while it is.
        why: the reason for that.
        speed: how many times faster than real the time of this server runs.
        preset: how quickly the cluster is set up to react: "kubernetes" or "stage".
        notices_after: seconds of silence after which Kubernetes should give up a machine.
        default_off: seconds that a cut lasts by default.
        demo: the machines are pretend ones, and their plugs can be pulled on the stage.
    """

    title: str
    stale_since: float | None
    why: str
    speed: float
    preset: str
    notices_after: float
    default_off: float
    demo: bool
    limits: LimitsView


@dataclass(frozen=True, slots=True)
class FeedView:
    """One plug: its state as last read, and the cut that is under way on it, if any.

    Attributes:
        stage: asked, journalled, cutting, cut, restoring or stuck; null if no cut is under way.
        why: what brought the cut to that stage.
        trouble: what is wrong, while it is stuck.
        sensed: what the feed's sensor says: on, off or unknown; null if it has none.
        finding: what is wrong when plug and sensor contradict each other; "" if nothing.
        refused: the rule that would refuse a cut now; null if none would.
    """

    state: FeedState
    stage: CutStage | None = None
    why: str = ""
    restore_by: float | None = None
    trouble: str = ""
    sensed: FeedState | None = None
    finding: str = ""
    refused: RefusedView | None = None


@dataclass(frozen=True, slots=True)
class RefusedView:
    """A rule that refuses a cut, in a few words and without a clock.

    Attributes:
        until: from when on it no longer does; null if that is not known.
    """

    rule: str
    word: str
    until: float | None


@dataclass(frozen=True, slots=True)
class MachineView:
    """One machine, and separately what Kubernetes believes about it.

    Attributes:
        ready: "True", "False" or "Unknown"; null if the cluster has no such node.
        reason: the reason of the condition Ready.
        guarded: why it can never be cut; "" if it can.
        rests_until: until when it is left alone after its last cut; null if it has not been cut.
        place: its place on the table, as the configuration lists it, 1 for the first: the order on
            every page and the console's digit; null if it is only a node of the cluster.
        refused: the rule that would refuse a cut now, HALT and arming aside; null if none would.
        clock: what is wrong with its clock, as a sentence; "" if nothing that matters.
    """

    name: str
    node: str
    power: FeedView | None
    network: FeedView | None
    ready: str | None
    reason: str
    cordoned: bool
    control_plane: bool
    guarded: str
    rests_until: float | None
    place: int | None = None
    refused: RefusedView | None = None
    clock: str = ""


@dataclass(frozen=True, slots=True)
class PodView:
    """One pod object. `lineage` is shared with the pods that replace it."""

    uid: str
    namespace: str
    name: str
    app: str
    workload: str
    node: str | None
    lineage: str
    state: PodState
    reason: str
    restarts: int


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service: addresses that Kubernetes would route to, and all of them.

    Attributes:
        history: what `ready` and `total` were from a moment on, as (moment, ready, total), oldest
            first: the latest few minutes.
    """

    namespace: str
    name: str
    ready: int
    total: int
    history: tuple[tuple[float, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class DisplacedView:
    """A pod that was on a lost machine.

    Attributes:
        fate: moves, waits, stays or lost.
        why: in plain words, why it is where it is.
        evicts_at: when Kubernetes will evict it, while that is known and has not happened.
        successor: the name of the pod that replaces it.
        resolved: seconds from t0 until its work was done again.
    """

    namespace: str
    name: str
    workload: str
    lineage: str
    fate: Fate
    why: str
    evicts_at: float | None
    successor: str | None
    successor_node: str | None
    resolved: float | None


@dataclass(frozen=True, slots=True)
class OutageView:
    """One outage; see docs/outages.md for what its milestones and phases mean.

    Attributes:
        t0: the moment from which everything is counted.
        clocked: what told t0: "read-back" (the plug), "sensor", or "last sign" (of life).
        cause: why, if it was not commanded and a sensor tells: hand, supply, switched, fault,
            cut-short.
        t0_within: the true t0 is at most this many seconds later.
        phase: the phase that is under way.
        at_least: the same as `milestones` for those that may have come sooner: not before this.
        phases_at_least: the same as `phases` for those that may have been shorter: not than this.
        recovery_seconds: the recovery time; null until, or unless, it is measured.
        recovery_at_least: it is between this and `recovery_seconds`; null if it is exact.
        outcome: recovered, unnoticed, incomplete or aborted; null while it is open.
        awaited: how many pods the recovery time waits for.
        story: what happened, in plain words and in order.
        telling: how it stands, in a sentence or a word for each place that shows it.
    """

    id: str
    machine: str
    node: str
    origin: Origin
    feed: FeedKind | None
    by: str
    began: str
    t0: float
    t0_within: float
    clocked: Clocked
    cause: Cause | None
    restore_by: float | None
    open: bool
    milestones: dict[str, float]
    at_least: dict[str, float]
    phases: dict[str, float]
    phases_at_least: dict[str, float]
    phase: Phase | None
    recovery_seconds: float | None
    recovery_at_least: float | None
    outcome: Outcome | None
    awaited: int
    story: tuple[StoryLine, ...]
    telling: Telling
    held: str
    blind: float
    interrupted: str
    pods: tuple[DisplacedView, ...]


@dataclass(frozen=True, slots=True)
class ShowView:
    """What the presenter has set, and who is there.

    Attributes:
        scene: what the stage shows: board, qr, tally or result.
        feed: what a cut from the console or by the crowd cuts.
        armed_until: until when cuts are allowed; null is safe.
        halted: since when HALT holds; null if it does not.
        halted_by: who pressed it.
        light: the theme for bright rooms.
        join_url: where phones join, to be typed; the QR code at /api/join.svg adds the join code.
        join_code: what phones need to join; "" if nothing.
        wifi: name of the Wi-Fi to join first, whose code is at /api/wifi.svg; "" if none is set.
        nicknames: phones may give themselves a name.
        stage_delay_ms: how long the stage took to draw the last change; null without a stage.
    """

    scene: Scene
    blank: bool
    feed: FeedKind
    armed_until: float | None
    halted: float | None
    halted_by: str
    light: bool
    join_url: str
    join_code: str
    wifi: str
    nicknames: bool
    stages: int
    consoles: int
    phones: int
    stage_delay_ms: float | None
