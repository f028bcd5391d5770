"""A switch's port as a sensor: PoE delivered, or link up."""

from __future__ import annotations

from chaosmonkey.config import PortSensor
from chaosmonkey.model import FeedState
from chaosmonkey.wires.snmp import DELIVERING, Agent, columns

UP = 1


class PortMonitor:
    """Reads a port's actual state, not its setting."""

    def __init__(self, settings: PortSensor, agent: Agent) -> None:
        self._poe = settings.poe is not None
        self._effect = columns(settings)[1]
        self._agent = agent

    async def read(self) -> FeedState:
        """On while PoE is delivered, or the link is up; raises PlugFailed."""
        [effect] = await self._agent.get(self._effect)
        return FeedState.ON if effect == (DELIVERING if self._poe else UP) else FeedState.OFF
