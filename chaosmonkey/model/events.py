"""What happens, as the tracker folds over it.

Changed / Removed        one object of the cluster, as our watch received it
Stale / Fresh            whether that watch can be believed
PlugCut / PlugRestored   what the monkey did to a machine, read back from the plug
Tick                     time passing, for what ends by nothing happening
"""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.model.cluster import ClusterObject
from chaosmonkey.model.feeds import FeedKind


@dataclass(frozen=True, slots=True)
class Changed:
    """An object is new or different; `at` is the moment our watch received it."""

    object: ClusterObject
    at: float


@dataclass(frozen=True, slots=True)
class Removed:
    """An object is gone; `object` is its last known state."""

    object: ClusterObject
    at: float


@dataclass(frozen=True, slots=True)
class Stale:
    """Since `at` we may not know what happens in the cluster, because of `why`."""

    at: float
    why: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """From `at` on we know again what happens in the cluster."""

    at: float


@dataclass(frozen=True, slots=True)
class PlugCut:
    """A plug was opened, and read back as off at `at`.

    Attributes:
        outage: identity of the outage that begins here.
        node: name of the machine's node.
        commanded: when the command arrived.
        by: who asked for it.
        restore_by: when the monkey will restore the plug at the latest.
    """

    outage: str
    machine: str
    node: str
    feed: FeedKind
    commanded: float
    at: float
    by: str
    restore_by: float


@dataclass(frozen=True, slots=True)
class PlugRestored:
    """A plug was closed, and read back as on at `at`."""

    machine: str
    node: str
    feed: FeedKind
    at: float


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing happened but time."""

    at: float


ClusterEvent = Changed | Removed | Stale | Fresh
Event = ClusterEvent | PlugCut | PlugRestored | Tick
