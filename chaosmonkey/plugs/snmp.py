"""Switch a port of a managed switch over SNMP; its state counts only if setting and effect agree.

    PoE (POWER-ETHERNET-MIB, RFC 3621)          link (IF-MIB, RFC 2863)
    admin  detection            feed            admin  oper              feed
    on     delivering           on              up     up, down          on
    off    not delivering       off             down   not up            off
    on     searching, fault …   unknown         up     not present …     unknown
    off    delivering           unknown         down   up                unknown

A link that is set up but is down has no peer: the machine is off, or its cable was pulled. The plug
has done its part, so that counts as on.
"""

from __future__ import annotations

from chaosmonkey.config import SnmpPlug
from chaosmonkey.model import FeedState
from chaosmonkey.wires.snmp import DELIVERING, Agent, columns

POE_EFFECTS = {
    1: "disabled",
    2: "searching for something that draws power",
    3: "delivering power",
    4: "in fault",
    5: "in test mode",
    6: "in another fault",
}
"""pethPsePortDetectionStatus of RFC 3621, in words."""

LINK_EFFECTS = {
    1: "up",
    2: "down",
    3: "testing",
    4: "unknown",
    5: "dormant",
    6: "not present",
    7: "down because a lower layer is",
}
"""ifOperStatus of RFC 2863, in words."""


class SwitchPort:
    """Sets a port on or off with one SET; reads setting and effect with one GET."""

    def __init__(self, settings: SnmpPlug, agent: Agent) -> None:
        self._poe = settings.poe is not None
        self._order, self._effect = columns(settings)
        self._agent = agent
        self.in_flight = settings.timeout
        self.remark = ""

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:  # noqa: ARG002 - a switch has no timer
        """Set the port: 1 is on or up, 2 is off or down in both tables."""
        await self._agent.set(self._order, 1 if on else 2)

    async def read(self) -> FeedState:
        """The state if setting and effect agree, else unknown."""
        self.remark = ""
        order, effect = await self._agent.get(self._order, self._effect)
        if self._poe:
            feed = _agreed(order, on=effect == DELIVERING, off=effect != DELIVERING)
        else:
            feed = _agreed(order, on=effect in (1, 2), off=effect != 1)
        if feed is FeedState.UNKNOWN:
            ordered = {1: "on", 2: "off"}.get(order, f"{order}")
            words = POE_EFFECTS if self._poe else LINK_EFFECTS
            does = words.get(effect, f"in an unknown state ({effect})")
            self.remark = f"The switch's port is set to {ordered}, but it is {does}."
        return feed

    async def close(self) -> None:
        """Set the port on; a switch keeps no connection."""
        await self.switch(on=True)


def _agreed(order: int, *, on: bool, off: bool) -> FeedState:
    match order:
        case 1 if on:
            return FeedState.ON
        case 2 if off:
            return FeedState.OFF
        case _:
            return FeedState.UNKNOWN
