"""The settings of one worker: names, plugs, sensors, and its part of the panel."""

from __future__ import annotations

from pydantic import Field

from chaosmonkey.config.base import Section
from chaosmonkey.config.gpio_line import ButtonLine, Line
from chaosmonkey.config.plugs import PlugConfig, PlugSettings
from chaosmonkey.config.sensors import SensorConfig, SensorSettings
from chaosmonkey.model import FeedKind


class Machine(Section):
    """One worker and what feeds it."""

    name: str = Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
    """Its name: lower-case letters, digits, '-' and '.'."""

    node: str = ""
    """Its node in Kubernetes, if the name differs."""

    power: PlugConfig | None = None
    """The plug in its power feed."""

    network: PlugConfig | None = None
    """The plug in its network link."""

    may_be_off: bool = False
    """Whether to leave a plug off that is off at the start without a cut in the journal."""

    power_sensor: SensorConfig | None = None
    """The sensor for its power."""

    network_sensor: SensorConfig | None = None
    """The sensor for its network link."""

    button: ButtonLine | None = None
    """The line of its button on the panel, to ground: a BCM number, or "A0" on the expander."""

    led: Line | None = None
    """The line of its LED on the panel: a BCM number, or "B0" on the expander."""

    @property
    def node_name(self) -> str:
        """The name of the machine's node."""
        return self.node or self.name

    def plug(self, feed: FeedKind) -> PlugSettings | None:
        """The plug of that feed, if the machine has one."""
        match feed:
            case FeedKind.POWER:
                return self.power
            case FeedKind.NETWORK:
                return self.network

    def sensor(self, feed: FeedKind) -> SensorSettings | None:
        """The sensor of that feed, if the machine has one."""
        match feed:
            case FeedKind.POWER:
                return self.power_sensor
            case FeedKind.NETWORK:
                return self.network_sensor
