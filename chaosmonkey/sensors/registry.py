"""Open sensors from settings: one match, so that the type checker finds a missing driver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import assert_never

from chaosmonkey.clock import Clock
from chaosmonkey.config import CurrentSensor, Lab, PortSensor, RailSensor, SensorSettings
from chaosmonkey.model import FeedKind
from chaosmonkey.sensors.base import Sensor
from chaosmonkey.sensors.current import CurrentMonitor
from chaosmonkey.sensors.opening import OpeningSensor
from chaosmonkey.sensors.polled import PolledSensor
from chaosmonkey.sensors.rail import RailInput
from chaosmonkey.wires import Wires

SensorBoard = Mapping[tuple[str, FeedKind], Sensor]
"""All sensors, by machine and feed."""


@contextmanager
def open_sensors(lab: Lab, wires: Wires, clock: Clock, pace: Clock) -> Iterator[SensorBoard]:
    """Open the sensors of the lab. One that fails to open reports unknown and is retried.

    Args:
        lab: the settings.
        wires: their buses and pins.
        clock: the time of the readings.
        pace: real time, for polling.
    """
    board: dict[tuple[str, FeedKind], Sensor] = {}
    with ExitStack() as closing:
        for machine in lab.machine:
            for feed in FeedKind:
                settings = machine.sensor(feed)
                if settings is not None:
                    name = f"{machine.name}'s {feed} sensor"
                    sensor = OpeningSensor(
                        partial(_open, settings, wires, name, clock, pace=pace, speed=lab.speed),
                        interval=0.0 if isinstance(settings, RailSensor) else settings.interval,
                        name=name,
                        clock=clock,
                        pace=pace,
                    )
                    closing.callback(sensor.close)
                    board[machine.name, feed] = sensor
        yield board


def _open(
    settings: SensorSettings, wires: Wires, name: str, clock: Clock, *, pace: Clock, speed: float
) -> Sensor:
    match settings:
        case RailSensor():
            return RailInput(settings, wires.pins, clock, pace)
        case CurrentSensor(interval=interval):
            probe = CurrentMonitor(settings, wires.bus)
            return PolledSensor(
                probe, interval=interval, name=name, clock=clock, pace=pace, speed=speed
            )
        case PortSensor(interval=interval):
            # Imported here: SNMP takes a tenth of a second, and much more on a small Pi.
            from chaosmonkey.sensors.port import PortMonitor  # noqa: PLC0415
            from chaosmonkey.wires.snmp import Agent  # noqa: PLC0415

            port = PortMonitor(settings, Agent(settings, wires.snmp))
            return PolledSensor(
                port, interval=interval, name=name, clock=clock, pace=pace, speed=speed
            )
        case _:
            assert_never(settings)
