"""Machines that are left alone for a while after a cut: a restart is no way around that."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from chaosmonkey.clock import Clock
from chaosmonkey.errors import StoreFailed
from chaosmonkey.store import Journal

log = logging.getLogger(__name__)

REMEMBERED = 86_400.0
"""Seconds for which the journal remembers a restored machine: longer than any cool-down."""


class Cooldowns:
    """When each machine was last restored.

    Args:
        cooldown: seconds for which a machine is left alone.
    """

    def __init__(self, journal: Journal, clock: Clock, cooldown: float) -> None:
        self._journal = journal
        self._clock = clock
        self._cooldown = cooldown
        self._since: dict[str, float] = {}

    @property
    def since(self) -> Mapping[str, float]:
        """By machine, the moment from which it rests."""
        return self._since

    def until(self, machine: str) -> float | None:
        """When a machine has rested enough; None if it had no cut lately."""
        since = self._since.get(machine)
        return None if since is None else since + self._cooldown

    def begin(self, machine: str) -> None:
        """A machine was restored just now; the journal knows that already."""
        self._since[machine] = self._clock.now()

    def clock_stepped(self, by: float) -> None:
        """Our clock was set right; who rests has rested for as long as before."""
        self._since = {machine: since + by for machine, since in self._since.items()}

    async def recall(self) -> None:
        """Take up what the process before this one left; raises StoreFailed if that fails.

        A clock that was set back since makes its moments future ones: they count as now.
        """
        now = self._clock.now()
        rested = await self._journal.rested()
        self._since = {machine: min(since, now) for machine, since in rested.items()}
        try:
            await self._journal.forget(now - REMEMBERED)
        except StoreFailed as error:
            log.error("%s", error)
