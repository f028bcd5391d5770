"""The events that the tracker folds.

Changed / Removed        one object of the cluster, as our watch received it
Stale / Fresh            whether that watch is current
Paused                   this process did not run, and received nothing
PlugCut / PlugRestored   what the monkey did to a machine, read back from the plug
CutShort                 a cut that was interrupted
FeedSensed               a sensor's reading of a feed, whatever caused it
ClockStepped             our clock was corrected: every kept moment shifts with it
Tick                     time passed, for what ends when nothing happens
"""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.model.cluster import ClusterObject
from chaosmonkey.model.feeds import FeedKind, FeedState
from chaosmonkey.model.outages import Cause


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
    """Since `at` our view of the cluster may be out of date, because of `why`.

    Attributes:
        replaced: the cluster is another one from now on, or has another history.
    """

    at: float
    why: str
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Fresh:
    """From `at` on our view of the cluster is current again."""

    at: float


@dataclass(frozen=True, slots=True)
class Paused:
    """This process did not run from `since` to `at`: what happened meanwhile is received late.

    Attributes:
        read_by: by when everything that waited has been received.
    """

    since: float
    at: float
    read_by: float


@dataclass(frozen=True, slots=True)
class PlugCut:
    """A plug was opened and read back as off, and the feed was lost at `at`.

    Attributes:
        outage: identity of the outage that begins here.
        node: name of the machine's node.
        commanded: when the command arrived.
        sensed: `at` is from the feed's sensor; otherwise it is when the plug was read back.
        by: who requested it.
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
    sensed: bool = False


@dataclass(frozen=True, slots=True)
class CutShort:
    """A cut was interrupted while its device was switching, and its plug never read back as off.

    The feed may have been gone for a moment between `commanded` and `at`.
    """

    machine: str
    node: str
    feed: FeedKind
    commanded: float
    at: float
    by: str


@dataclass(frozen=True, slots=True)
class PlugRestored:
    """A plug was closed and read back as on; the feed has been on since `at`."""

    machine: str
    node: str
    feed: FeedKind
    at: float


@dataclass(frozen=True, slots=True)
class FeedSensed:
    """A sensor reports that a feed came, went, or is unknown.

    Attributes:
        at: the earliest moment of the change.
        within: seconds after `at` by which it had happened.
        cause: why it went, if we did not cut it; None if we did, and for a feed that came.
    """

    machine: str
    node: str
    feed: FeedKind
    state: FeedState
    at: float
    within: float = 0.0
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class ClockStepped:
    """Our clock jumped by so many seconds, to `at`; no time has passed."""

    by: float
    at: float


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing happened but time."""

    at: float


ClusterEvent = Changed | Removed | Stale | Fresh
Event = ClusterEvent | Paused | PlugCut | CutShort | PlugRestored | FeedSensed | ClockStepped | Tick
