"""Zones: groups of nodes whose evictions are slowed when many of them are lost together.

normal ─ 55 % and more than two lost ─► partial: slower, or none in a small zone
       ─ all lost ─► full: as usual, unless every zone is: then nothing is evicted
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.node.nodestatus import condition
from chaosmonkey.simcluster.timing import Timing

ZoneState = Literal["normal", "partial", "full"]

_EXCLUDED = "node.kubernetes.io/exclude-disruption"
_LABELS = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone")


@dataclass
class Zone:
    """The nodes of one zone that wait for their NoExecute taint, and its rate in nodes/s."""

    rate: float
    queue: dict[str, None] = field(default_factory=dict)
    next_taint: float = 0.0
    booked: bool = False

    def change_rate(self, rate: float, now: float) -> None:
        """Change the rate; after a stop, the first taint waits for a full interval."""
        if rate > 0 and self.rate == 0:
            self.next_taint = now + 1 / rate
        self.rate = rate


def zone_of(node: Obj) -> str:
    """The zone of a node, by its labels; nodes without them are one zone."""
    labels = node["metadata"].get("labels", {})
    return "/".join(labels.get(label, "") for label in _LABELS)


def by_zone(nodes: list[Obj]) -> dict[str, list[bool]]:
    """Whether each counted node is lost, by zone."""
    found: dict[str, list[bool]] = {}
    for node in nodes:
        if _EXCLUDED not in node["metadata"].get("labels", {}):
            lost = condition(node, "Ready").get("status") != "True"
            found.setdefault(zone_of(node), []).append(lost)
    return found


def state_of(lost: list[bool], timing: Timing) -> ZoneState:
    """The state of a zone from whether each of its nodes is lost."""
    count = sum(lost)
    if lost and count == len(lost):
        return "full"
    if count > 2 and count / len(lost) >= timing.unhealthy_threshold:
        return "partial"
    return "normal"


def rate_in(state: ZoneState, size: int, timing: Timing) -> float:
    """Nodes per second that may be tainted NoExecute in a zone of some size."""
    if state == "partial":
        return timing.secondary_eviction_rate if size > timing.large_cluster else 0.0
    return timing.eviction_rate
