"""The settings: frozen sections, read from a file and the environment in one place (`read`)."""

from chaosmonkey.config.environment import (
    Supervision,
    child_environment,
    environment_with,
    own_token,
    supervision,
)
from chaosmonkey.config.gpio_line import Line
from chaosmonkey.config.http_recipe import HttpRecipe, HttpRequest
from chaosmonkey.config.lab import Audience, Cluster, DemoSettings, GpioSettings, Lab
from chaosmonkey.config.limits import Limits, parse_span
from chaosmonkey.config.machine import Machine
from chaosmonkey.config.panel import PanelSettings
from chaosmonkey.config.pin_usage import UsedLine, has_panel, lines_of, uses_i2c
from chaosmonkey.config.plugs import (
    CommandPlug,
    FencePlug,
    GpioPlug,
    HttpPlug,
    PlugSettings,
    SnmpPlug,
    SnmpPort,
    UhubctlPlug,
)
from chaosmonkey.config.read import build, load, load_edge
from chaosmonkey.config.scale import EdgeSettings, NatsSettings, ScaleSettings
from chaosmonkey.config.sensors import CurrentSensor, PortSensor, RailSensor, SensorSettings
from chaosmonkey.config.server import ListenSettings, ServerSettings
from chaosmonkey.config.timing import PRESETS, Preset, TimingSettings

__all__ = [
    "PRESETS",
    "Audience",
    "Cluster",
    "CommandPlug",
    "CurrentSensor",
    "DemoSettings",
    "EdgeSettings",
    "FencePlug",
    "GpioPlug",
    "GpioSettings",
    "HttpPlug",
    "HttpRecipe",
    "HttpRequest",
    "Lab",
    "Limits",
    "Line",
    "ListenSettings",
    "Machine",
    "NatsSettings",
    "PanelSettings",
    "PlugSettings",
    "PortSensor",
    "Preset",
    "RailSensor",
    "ScaleSettings",
    "SensorSettings",
    "ServerSettings",
    "SnmpPlug",
    "SnmpPort",
    "Supervision",
    "TimingSettings",
    "UhubctlPlug",
    "UsedLine",
    "build",
    "child_environment",
    "environment_with",
    "has_panel",
    "lines_of",
    "load",
    "load_edge",
    "own_token",
    "parse_span",
    "supervision",
    "uses_i2c",
]
