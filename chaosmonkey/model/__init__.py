"""The words of this program as immutable values: machines, what Kubernetes says, what happened.

Nothing here does I/O or knows the time. A moment is a float, seconds since the Unix epoch as our
clock counts them; None means "did not happen" or "not seen", never zero.
"""

from chaosmonkey.model.cluster import (
    LOST_NODE_TAINTS,
    ClusterObject,
    EndpointSlice,
    Lease,
    Node,
    Occurrence,
    Owner,
    Pod,
    Taint,
    Workload,
)
from chaosmonkey.model.description import Condition, Container, Description, Fact, Happening
from chaosmonkey.model.events import (
    Changed,
    ClockStepped,
    ClusterEvent,
    CutShort,
    Event,
    FeedSensed,
    Fresh,
    Paused,
    PlugCut,
    PlugRestored,
    Removed,
    Stale,
    Tick,
)
from chaosmonkey.model.feeds import (
    FeedKind,
    FeedState,
)
from chaosmonkey.model.outages import (
    Cause,
    Clocked,
    Displaced,
    Fate,
    Origin,
    Outage,
    Outcome,
    Successor,
    Unseen,
)

__all__ = [
    "LOST_NODE_TAINTS",
    "Cause",
    "Changed",
    "ClockStepped",
    "Clocked",
    "ClusterEvent",
    "ClusterObject",
    "Condition",
    "Container",
    "CutShort",
    "Description",
    "Displaced",
    "EndpointSlice",
    "Event",
    "Fact",
    "Fate",
    "FeedKind",
    "FeedSensed",
    "FeedState",
    "Fresh",
    "Happening",
    "Lease",
    "Node",
    "Occurrence",
    "Origin",
    "Outage",
    "Outcome",
    "Owner",
    "Paused",
    "PlugCut",
    "PlugRestored",
    "Pod",
    "Removed",
    "Stale",
    "Successor",
    "Taint",
    "Tick",
    "Unseen",
    "Workload",
]
