"""Views for pages and scripts: the values in `/api/state` and in websocket messages.

Times are seconds since 1970 by the server's clock, which may run faster than real time in a demo.
Milestones and phases are seconds from an outage's t0. What did not happen is null or absent.
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
    """The configured limits; times in seconds. docs/configuration.md explains each."""

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
    """The cluster as a whole, and whether its state is current.

    Attributes:
        stale_since: when contact with the cluster was lost; null while connected.
        why: why contact was lost.
        speed: how many times faster than real time this server's clock runs.
        preset: how quickly the cluster is configured to react: "kubernetes" or "stage".
        notices_after: seconds of silence after which Kubernetes should mark a machine as lost.
        default_off: seconds that a cut lasts by default.
        demo: whether the machines are simulated and their plugs can be pulled on the stage.
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
        sensed: what the feed's sensor reports: on, off or unknown; null without a sensor.
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
    """A rule that refuses a cut, in a few words without a time.

    Attributes:
        until: when the rule will allow the cut; null if unknown.
    """

    rule: str
    word: str
    until: float | None


@dataclass(frozen=True, slots=True)
class MachineView:
    """One machine's plugs, and separately its node as Kubernetes reports it.

    Attributes:
        ready: "True", "False" or "Unknown"; null if the cluster has no such node.
        reason: the reason of the condition Ready.
        guarded: why it can never be cut; "" if it can.
        rests_until: when its cooldown after the last cut ends; null if it has not been cut.
        place: its position in the configuration, from 1: the order on every page and the console's
            digit; null for a node without a machine.
        refused: the rule that would refuse a cut now, except HALT and arming; null if none would.
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
    """A service: how many of its addresses are ready, and how many it has.

    Attributes:
        history: the latest changes as (time, ready, total), oldest first.
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
        why: a sentence that explains its fate.
        evicts_at: when Kubernetes will evict it; null if unknown, or once evicted.
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
    """One outage; docs/outages.md explains its milestones and phases.

    Attributes:
        t0: the start of all measurements.
        clocked: the source of t0: "read-back" (the plug), "sensor", or "last sign" (of life).
        cause: the cause of an uncommanded outage, if a sensor identifies it: hand, supply,
            switched, fault, cut-short.
        t0_within: the true t0 is at most this many seconds later.
        phase: the phase that is under way.
        at_least: lower bounds of the `milestones` that are not exact.
        phases_at_least: lower bounds of the `phases` that are not exact.
        recovery_seconds: the recovery time; null until, or unless, it is measured.
        recovery_at_least: its lower bound, with `recovery_seconds` as the upper; null if exact.
        outcome: recovered, unnoticed, incomplete or aborted; null while it is open.
        awaited: how many pods the recovery time waits for.
        story: what happened, as sentences in order.
        telling: its state, worded for each place that shows it.
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
class EdgeView:
    """An edge, and how many phones and stages it serves."""

    name: str
    phones: int
    stages: int


@dataclass(frozen=True, slots=True)
class ScaleView:
    """The link to the edges.

    Attributes:
        why: why there is no link; "" if there is one.
        edges: the edges that report, by name.
    """

    connected: bool
    why: str
    edges: tuple[EdgeView, ...]


@dataclass(frozen=True, slots=True)
class ShowView:
    """The presenter's settings, and who is connected.

    Attributes:
        scene: what the stage shows: board, qr, tally or result.
        feed: the feed that a cut from the console or by the crowd takes.
        armed_until: until when cuts are allowed; null is safe.
        halted: since when HALT is active; null if it is not.
        halted_by: who pressed it.
        light: whether the theme for bright rooms is on.
        join_url: the address to type on a phone; the QR code at /api/join.svg adds the join code.
        join_code: the code that phones need to join; "" if none is needed.
        wifi: name of the Wi-Fi to join first, whose code is at /api/wifi.svg; "" if none is set.
        nicknames: whether phones may choose a nickname.
        stage_delay_ms: milliseconds the stage took to draw the last change; null if unknown.
        scale: the link to the edges; null without edges, and for the room.
        table_lost_at: when this edge lost its link to the table; null while it has one, and on
            the table's server.
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
    scale: ScaleView | None
    table_lost_at: float | None
