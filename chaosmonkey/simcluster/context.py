"""What every actor of the world is handed: time, objects, events, timing."""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.simcluster.apiserver.storage import Store
from chaosmonkey.simcluster.events import EventRecorder
from chaosmonkey.simcluster.timeline import Timeline
from chaosmonkey.simcluster.timing import Timing


@dataclass
class SimContext:
    """The parts of one world.

    `answering` is False while the API server is away: then no kubelet can post and no controller
    can act, exactly as for every other client.
    """

    timeline: Timeline
    store: Store
    events: EventRecorder
    timing: Timing
    answering: bool = True
