"""Leaves machines alone for a while after a cut, even across a restart."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from chaosmonkey.clock import Clock
from chaosmonkey.errors import StoreFailed
from chaosmonkey.store import Journal

log = logging.getLogger(__name__)

REMEMBERED = 86_400.0
"""Seconds for which the journal remembers a restored machine: longer than any cooldown."""


class Cooldowns:
    """When each machine was last restored.

    Args:
        cooldown: seconds for which a machine is left alone after a cut.
    """

    def __init__(self, journal: Journal, clock: Clock, cooldown: float) -> None:
        self._journal = journal
        self._clock = clock
        self._cooldown = cooldown
        self._since: dict[str, float] = {}

    @property
    def since(self) -> Mapping[str, float]:
        """Machine → when it was last restored."""
        return self._since

    def until(self, machine: str) -> float | None:
        """When a machine's cooldown ends; None if it was not cut lately."""
        since = self._since.get(machine)
        return None if since is None else since + self._cooldown

    def begin(self, machine: str) -> None:
        """Start the cooldown of a machine now; its journal entry already says so."""
        self._since[machine] = self._clock.now()

    def clock_stepped(self, by: float) -> None:
        """Shift every moment by the clock's correction, so that cooldowns keep their length."""
        self._since = {machine: since + by for machine, since in self._since.items()}

    async def recall(self) -> None:
        """Read the cooldowns of the previous process; raises StoreFailed.

        If the clock was set back since, its moments may lie in the future: they count as now.
        """
        now = self._clock.now()
        last_restored = await self._journal.last_restored()
        self._since = {machine: min(since, now) for machine, since in last_restored.items()}
        try:
            await self._journal.forget(now - REMEMBERED)
        except StoreFailed as error:
            log.error("%s", error)
