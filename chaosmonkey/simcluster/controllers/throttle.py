"""The rate at which a controller may call the API server, as client-go limits it.

    30 requests at once, then 20 per second; events are sent in between

Few changes are written at once. When all nodes are lost in one moment, the writes queue: pods turn
unready one after the other, and taints come seconds later.
"""

from __future__ import annotations

from collections import deque

from chaosmonkey.simcluster.timeline import Timeline

QPS = 20.0
"""Requests per second: kube-controller-manager --kube-api-qps."""
BURST = 30
"""Requests at once: kube-controller-manager --kube-api-burst."""
_EVENT_LAG = 0.003
"""Seconds from a recorded event to its request; it is sent from a queue of its own."""


class ClientThrottle:
    """A token bucket for the requests of one client."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._full = 0.0
        self._events: deque[float] = deque()

    def reserve(self, requests: int = 1) -> float:
        """Seconds until the last of some requests may be sent."""
        now = self._timeline.now
        while self._events and self._events[0] <= now:
            self._take(self._events.popleft())
        delay = 0.0
        for _ in range(requests):
            if self._take(now, peek=True) > 0 and self._events:
                self._events.popleft()
                self._take(now)
            delay = self._take(now)
        return delay

    def owe_event(self) -> None:
        """Note that an event will be sent besides."""
        self._events.append(self._timeline.now + _EVENT_LAG)

    def _take(self, now: float, *, peek: bool = False) -> float:
        """Seconds from `now` until the next token; take it unless `peek` is set."""
        full = max(self._full, now)
        if not peek:
            self._full = full + 1 / QPS
        return max(0.0, full - now - (BURST - 1) / QPS)
