"""The settings: frozen sections (`sections`, `plugs`), read and checked in one place (`read`)."""

from chaosmonkey.config.plugs import CommandPlug, GpioPlug, PlugSettings
from chaosmonkey.config.read import build, environment_with, load, own_token, supervision
from chaosmonkey.config.sections import (
    PRESETS,
    Audience,
    Cluster,
    Demo,
    Gpio,
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
    "PlugSettings",
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
