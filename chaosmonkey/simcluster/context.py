"""The context that all parts of a world share: time, objects, events, timing."""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.simcluster.apiserver.storage import Store
from chaosmonkey.simcluster.events import EventRecorder
from chaosmonkey.simcluster.timeline import Timeline
from chaosmonkey.simcluster.timing import Timing


@dataclass
class SimContext:
    """The parts of one world.

    `answering` is False while the API server is away: no kubelet can post and no controller can
    act, like every other client.
    """

    timeline: Timeline
    store: Store
    events: EventRecorder
    timing: Timing
    answering: bool = True
