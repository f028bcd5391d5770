"""A switch's port as a sensor: is PoE delivered, is the link up?"""

from __future__ import annotations

from chaosmonkey.config import PortSensor
from chaosmonkey.model import FeedState
from chaosmonkey.wires.snmp import DELIVERING, Agent, columns

UP = 1


class PortMonitor:
    """Reads the column of a port that tells what is, not what was ordered."""

    def __init__(self, settings: PortSensor, agent: Agent) -> None:
        self._poe = settings.poe is not None
        self._effect = columns(settings)[1]
        self._agent = agent

    async def read(self) -> FeedState:
        """On while it delivers, or is up; raises PlugFailed."""
        [effect] = await self._agent.get(self._effect)
        return FeedState.ON if effect == (DELIVERING if self._poe else UP) else FeedState.OFF
