"""The settings: frozen sections (`sections`), read and checked in one place (`read`)."""

from chaosmonkey.config.read import build, load
from chaosmonkey.config.sections import (
    PRESETS,
    Audience,
    Cluster,
    CommandPlug,
    Demo,
    Gpio,
    GpioPlug,
    Lab,
    Limits,
    Machine,
    Preset,
    Server,
    Timing,
)

__all__ = [
    "PRESETS",
    "Audience",
    "Cluster",
    "CommandPlug",
    "Demo",
    "Gpio",
    "GpioPlug",
    "Lab",
    "Limits",
    "Machine",
    "Preset",
    "Server",
    "Timing",
    "build",
    "load",
]
