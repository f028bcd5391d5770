"""Sensors that verify a feed: rail inputs, current monitors, switch ports."""

from chaosmonkey.sensors.base import Reading, Sensor
from chaosmonkey.sensors.registry import SensorBoard, open_sensors

__all__ = ["Reading", "Sensor", "SensorBoard", "open_sensors"]
