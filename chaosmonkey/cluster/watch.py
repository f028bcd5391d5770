"""Watch all collections as one stream of model events, and judge whether it is current.

    nodes, controllers, leases ── known ──► pods, endpoint slices, events
       reflector ─► cache ┐                    reflector ─► cache ┐
                          └────────────────────────────────────────┴─► publish(Changed | Removed)
    nodes, pods, leases: all current, or not ────────────────────────► publish(Fresh | Stale)

Controllers are listed before pods, so that every pod's controller is known. Events of one resource
are published in the order in which the server sent them, those of different resources in the order
in which they arrived.

A stopping API server leaves its streams open and silent for up to a minute. So /readyz is probed
after `QUIET` seconds of silence on all of them (five kubelets alone renew a lease every two);
without an answer, every watch is ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from random import Random
from typing import Never

from chaosmonkey.clock import Clock
from chaosmonkey.cluster.cache import Cache
from chaosmonkey.cluster.errors import ReadTimeout, Replaced
from chaosmonkey.cluster.health import Health
from chaosmonkey.cluster.protocols import ListerWatcher
from chaosmonkey.cluster.reflector import Reflector
from chaosmonkey.cluster.resources import WATCHED, Resource
from chaosmonkey.config import Cluster
from chaosmonkey.errors import ClusterUnavailable
from chaosmonkey.model import ClusterEvent, Fresh, Stale

log = logging.getLogger(__name__)

QUIET = 5.0
"""Seconds of silence on all watches after which the server is probed."""


class ClusterWatch:
    """Watches the cluster and publishes what happens in it.

    `publish` is called synchronously and must not wait. The first event about our own view is Fresh
    once all vital resources are known, or Stale if that fails; from then on they alternate.

    `clock` stamps the events and may run faster than real time, as a demonstration does. `pace` is
    real time, in which the network lives: for waiting and for measuring silence.

    Attributes:
        synced: set once everything was listed, or refused.
    """

    def __init__(
        self,
        server: ListerWatcher,
        publish: Callable[[ClusterEvent], None],
        settings: Cluster,
        *,
        clock: Clock,
        pace: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        self.synced = asyncio.Event()
        self._server = server
        self._publish = publish
        self._clock = clock
        self._pace = pace or clock
        self._random = random or Random()  # noqa: S311 - it only spreads retries
        self._settings = settings
        self._owners_known = asyncio.Event()
        self._trusted: bool | None = None
        self._replaced: Replaced | None = None
        self._caches: list[Cache] = []
        self._reflectors = [
            self._reflector(resource, namespace)
            for resource in WATCHED
            if self._settings.events or not resource.history
            for namespace in resource.places(settings.namespaces)
        ]

    async def run(self) -> Never:
        """Watch until cancelled. Trouble with the cluster is published, not raised, and retried."""
        async with asyncio.TaskGroup() as group:
            later = []
            for reflector in self._reflectors:
                if reflector.resource.late:
                    later.append(reflector)
                else:
                    group.create_task(reflector.run(), name=reflector.health.path)
            group.create_task(self._probe_when_silent(), name="probe of the API server")
            await self._owners_known.wait()
            for reflector in later:
                group.create_task(reflector.run(), name=reflector.health.path)
        raise AssertionError("unreachable: the reflectors never end")

    @property
    def health(self) -> tuple[Health, ...]:
        """The state of each watched collection."""
        return tuple(reflector.health for reflector in self._reflectors)

    def clock_stepped(self, by: float) -> None:
        """Shift all moments: the clock was corrected by so many seconds."""
        for health in self.health:
            if health.received_at is not None:
                health.received_at += by

    def _reflector(self, resource: Resource, namespace: str | None) -> Reflector:
        cache = Cache(self._publish, history=resource.history)
        self._caches.append(cache)
        return Reflector(
            self._server,
            resource,
            namespace,
            cache,
            clock=self._clock,
            pace=self._pace,
            random=self._random,
            stall_after=self._settings.stall_after,
            changed=self._judge,
        )

    def _judge(self) -> None:
        """Derive the health of the whole after a reflector's health changed."""
        if all(r.health.known for r in self._reflectors if not r.resource.late):
            self._owners_known.set()
        if all(r.health.known for r in self._reflectors):
            self.synced.set()
        for trouble in [r.health.trouble for r in self._reflectors]:
            if isinstance(trouble, Replaced) and trouble is not self._replaced:
                self._start_over(trouble)
        vital = [r.health for r in self._reflectors if r.resource.vital]
        stale = next((health for health in vital if health.trouble), None)
        if stale and stale.trouble and self._trusted is not False:
            self._trusted = False
            log.warning("Lost track of the cluster: %s", stale.trouble)
            self._publish(Stale(self._since(stale), stale.trouble.message.rstrip(".")))
        elif self._trusted is not True and all(health.current for health in vital):
            self._trusted = True
            log.info("Watching the cluster; its state is current.")
            self._publish(Fresh(self._clock.now()))

    def _start_over(self, trouble: Replaced) -> None:
        """List everything again: one collection is of another history, so all are."""
        self._replaced = trouble
        self._trusted = False
        log.warning("%s Listing everything again.", trouble.message)
        self._publish(Stale(self._clock.now(), trouble.message.rstrip("."), replaced=True))
        for reflector in self._reflectors:
            reflector.start_over(trouble)

    def _since(self, stale: Health) -> float:
        """The moment until which our knowledge is complete.

        A stream that breaks has delivered all before, so the last message on any of them counts;
        one that fell silent may have lost all since its own last message.
        """
        received = [
            health.received_at
            for health in ([stale] if isinstance(stale.trouble, ReadTimeout) else self.health)
            if health.received_at is not None
        ]
        return max(received, default=self._clock.now())

    async def _probe_when_silent(self) -> Never:
        """Probe the server when all watches are silent, and end them if it does not answer."""
        probed = self._pace.now()
        while True:
            quiet = self._pace.now() - max(probed, *(r.last_message for r in self._reflectors))
            if quiet < QUIET:
                await self._pace.sleep(QUIET - quiet)
                continue
            probed = self._pace.now()
            if watching := [r for r in self._reflectors if r.watching]:
                try:
                    await self._server.glance()
                except ClusterUnavailable as trouble:
                    for reflector in watching:
                        reflector.interrupt(trouble)
