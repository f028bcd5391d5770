"""The settings: frozen sections (`sections`), read and checked in one place (`read`)."""

from chaosmonkey.config.read import build, environment_with, load, own_token, supervision
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
    "environment_with",
    "load",
    "own_token",
    "parse_span",
    "supervision",
]
