"""What happens, as the tracker folds over it.

Changed / Removed        one object of the cluster, as our watch received it
Stale / Fresh            whether that watch can be believed
Paused                   whether we ourselves were there to receive anything
PlugCut / PlugRestored   what the monkey did to a machine, read back from the plug
CutShort                 what it began to do and gave up
FeedSensed               what a sensor says of a feed, whoever did it
ClockStepped             our clock was set right: every moment that is kept moves with it
Tick                     time passing, for what ends by nothing happening
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
    """Since `at` we may not know what happens in the cluster, because of `why`.

    Attributes:
        replaced: what we are told from now on is of another cluster, or of another history of it.
    """

    at: float
    why: str
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Fresh:
    """From `at` on we know again what happens in the cluster."""

    at: float


@dataclass(frozen=True, slots=True)
class Paused:
    """This process did not run from `since` to `at`: what happened meanwhile is received late.

    Attributes:
        read_by: by when everything that waited to be received has been.
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
        sensed: `at` is what the feed's sensor said; otherwise it is when the plug was read back.
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
    sensed: bool = False


@dataclass(frozen=True, slots=True)
class CutShort:
    """A cut was given up while its device was at it, and its plug was never read back as off.

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
    """A plug was closed and read back as on, and the feed is there since `at`."""

    machine: str
    node: str
    feed: FeedKind
    at: float


@dataclass(frozen=True, slots=True)
class FeedSensed:
    """A sensor says that a feed comes, goes, or cannot be told.

    Attributes:
        at: the earliest moment at which it became so.
        within: seconds after `at` by which it had become so.
        cause: why it went, if we did not cut it; None if we did, and for a feed that comes.
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
