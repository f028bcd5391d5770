"""The settings: frozen sections (`sections`), read and checked in one place (`read`)."""

from chaosmonkey.config.read import build, load, supervision
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
    Supervision,
    Timing,
    parse_span,
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
    "Supervision",
    "Timing",
    "build",
    "load",
    "parse_span",
    "supervision",
]
