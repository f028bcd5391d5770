"""Which lines of the header and the expander a lab uses, and whether it uses the I2C bus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chaosmonkey.config.gpio_line import Line
from chaosmonkey.config.lab import Lab
from chaosmonkey.config.plugs import GpioPlug
from chaosmonkey.config.sensors import CurrentSensor, RailSensor, SensorSettings
from chaosmonkey.model import FeedKind


@dataclass(frozen=True, slots=True)
class UsedLine:
    """One line and its use.

    Attributes:
        place: where the file says so, such as "[[machine]] node3: power.pin".
        line: its BCM number, or its name on the expander.
        what: such as "node3's power plug".
    """

    place: str
    line: Line
    what: str


def lines_of(lab: Lab) -> Iterator[UsedLine]:
    """Every line that is used, once for each use."""
    for machine in lab.machine:
        name, place = machine.name, f"[[machine]] {machine.name}"
        for feed in FeedKind:
            if isinstance(plug := machine.plug(feed), GpioPlug):
                yield UsedLine(f"{place}: {feed}.pin", plug.pin, f"{name}'s {feed} plug")
            if isinstance(sensor := machine.sensor(feed), RailSensor):
                yield UsedLine(f"{place}: {feed}_sensor.pin", sensor.pin, f"{name}'s {feed} sensor")
        if machine.button is not None:
            yield UsedLine(f"{place}: button", machine.button, f"{name}'s button")
        if machine.led is not None:
            yield UsedLine(f"{place}: led", machine.led, f"{name}'s LED")
    panel = lab.panel
    if panel.halt is not None:
        yield UsedLine("panel.halt", panel.halt, "the big red button")
    if panel.heartbeat is not None:
        yield UsedLine("panel.heartbeat", panel.heartbeat, "the heartbeat")
    if panel.interrupt is not None:
        yield UsedLine("panel.interrupt", panel.interrupt, "the expander's interrupt")


def sensors_of(lab: Lab) -> Iterator[tuple[str, SensorSettings]]:
    """Every sensor and its place in the file."""
    for machine in lab.machine:
        for feed in FeedKind:
            if (sensor := machine.sensor(feed)) is not None:
                yield f"[[machine]] {machine.name}: {feed}_sensor", sensor


def has_panel(lab: Lab) -> bool:
    """Whether there are buttons or LEDs on the table."""
    panel = lab.panel
    single = (panel.halt, panel.heartbeat, panel.expander)
    return any(it is not None for it in single) or any(
        it.button is not None or it.led is not None for it in lab.machine
    )


def uses_i2c(lab: Lab) -> bool:
    """Whether a device uses the I2C bus."""
    monitors = any(isinstance(sensor, CurrentSensor) for _, sensor in sensors_of(lab))
    return monitors or lab.panel.expander is not None
