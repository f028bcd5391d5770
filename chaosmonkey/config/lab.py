"""The settings as frozen sections: what can be set, what it means, in which range.

Every section refuses keys that it does not know. The docstring under a key is its documentation:
error messages quote it and docs/configuration.md is made from it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chaosmonkey.config.base import Section
from chaosmonkey.config.environment import PREFIX
from chaosmonkey.config.limits import Limits
from chaosmonkey.config.machine import Machine
from chaosmonkey.config.panel import PanelSettings
from chaosmonkey.config.server import ServerSettings
from chaosmonkey.config.timing import PRESETS, Preset, TimingSettings


class Cluster(Section):
    """Which Kubernetes is watched, and how."""

    server: str | None = None
    """Plain URL of an API server that asks for no credentials, such as the simulator's."""

    kubeconfig: Path | None = None
    """Kubeconfig file. Without it: a pod's service account, $KUBECONFIG, ~/.kube/config, k3s's."""

    context: str | None = None
    """Context of the kubeconfig; its current one if not given."""

    namespaces: tuple[str, ...] = ()
    """Namespaces whose pods are shown and measured; all if empty."""

    stall_after: float = Field(default=75.0, gt=1)
    """Seconds of silence after which a watch is presumed dead. Bookmarks come about every 60 s."""

    events: bool = True
    """Whether Kubernetes' warnings about pods are watched too: why one does not start."""

    @field_validator("kubeconfig")
    @classmethod
    def _expand(cls, value: Path | None) -> Path | None:
        return value.expanduser() if value else None

    @field_validator("server")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must be a URL such as 'http://127.0.0.1:8001'")
        return value


class GpioSettings(Section):
    """How this machine's GPIO lines are reached."""

    pin_factory: Literal["lgpio", "rpigpio", "mock"] = "lgpio"
    """gpiozero's pin factory, never guessed. Only those that can claim a line without a glitch."""

    chip: int | None = Field(default=None, ge=0)
    """Number of the gpiochip (lgpio only); gpiozero's choice if not given."""

    i2c_bus: int = Field(default=1, ge=0)
    """Number N of /dev/i2c-N, for an expander and current monitors. 1 is on pins 3 and 5."""

    header: str | None = None
    """host:port of a pretend bench that the pins of the mock factory are wired to."""


class Audience(Section):
    """The phones in the room: how they join, and what they may call themselves."""

    join_code: Literal["rotating", "off"] = "rotating"
    """Whether a phone needs the code that the stage shows; off: whoever reaches this joins."""

    rotate: float = Field(default=300.0, ge=10)
    """Seconds after which there is another code. The one before stays good as long again."""

    nicknames: bool = False
    """Whether phones may give themselves a name. It is filtered, and the presenter can clear it."""

    wifi_ssid: str = Field(default="", max_length=32)
    """Name of the Wi-Fi that phones join first; its QR code stands beside the other one."""

    wifi_password: SecretStr = SecretStr("")
    """Password of that Wi-Fi. Whoever sees the stage can read it out of the code."""

    wifi_security: Literal["WPA", "WEP", "nopass"] = "WPA"
    """How that Wi-Fi is secured. WPA stands for WPA2 and WPA3 too."""


class DemoSettings(Section):
    """The demo's pretend table. A real table has no such section."""

    bench: str
    """URL of the simulator, whose sockets a hand may pull on the stage."""


class Lab(BaseSettings):
    """The whole table: machines, their plugs, the cluster, and what is allowed."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
    )

    title: str = "Pull the plug"
    """What the stage is headed with."""

    speed: float = Field(default=1.0, gt=0, le=1000)
    """How many times faster than real the (simulated) cluster's time runs. 1 for real machines."""

    epoch: float | None = None
    """Start of the faster time, shared with the simulator (seconds since 1970)."""

    server: ServerSettings = ServerSettings()
    cluster: Cluster = Cluster()
    gpio: GpioSettings = GpioSettings()
    limits: Limits = Limits()
    timing: TimingSettings = TimingSettings()
    audience: Audience = Audience()
    panel: PanelSettings = PanelSettings()
    demo: DemoSettings | None = None
    """Only in the file that the demo writes."""

    machine: tuple[Machine, ...] = ()
    """The machines, one [[machine]] each."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic-settings'
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the file."""
        return env_settings, init_settings

    @property
    def preset(self) -> Preset:
        """The timing that the cluster is set up for."""
        return PRESETS[self.timing.preset]

    @property
    def default_seconds(self) -> float:
        """How long a machine stays off if nobody says."""
        return self.limits.default_seconds or self.preset.default_off
