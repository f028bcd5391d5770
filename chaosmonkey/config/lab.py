"""The settings as frozen sections: keys, meanings and ranges.

Every section refuses unknown keys. The docstring under a key is its documentation: error messages
quote it and docs/configuration.md is made from it.
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
from chaosmonkey.config.scale import ScaleSettings
from chaosmonkey.config.server import ServerSettings
from chaosmonkey.config.timing import PRESETS, Preset, TimingSettings


class Cluster(Section):
    """The Kubernetes cluster to watch."""

    server: str | None = None
    """URL of an API server that needs no credentials, such as the simulator's."""

    kubeconfig: Path | None = None
    """Kubeconfig file. Without it: a pod's service account, $KUBECONFIG, ~/.kube/config, k3s's."""

    context: str | None = None
    """Context of the kubeconfig; default: its current one."""

    namespaces: tuple[str, ...] = ()
    """Namespaces whose pods are shown and measured; empty: all."""

    stall_after: float = Field(default=75.0, gt=1)
    """Seconds of silence after which a watch is presumed dead. Bookmarks come about every 60 s."""

    events: bool = True
    """Whether to watch Kubernetes' warnings about pods too, which say why one does not start."""

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
    """gpiozero's pin factory, one that claims a line without a glitch. "mock" simulates pins."""

    chip: int | None = Field(default=None, ge=0)
    """Number of the gpiochip (lgpio only); default: gpiozero's choice."""

    i2c_bus: int = Field(default=1, ge=0)
    """Number N of /dev/i2c-N, for an expander and current monitors. 1 is on pins 3 and 5."""

    header: str | None = None
    """host:port of the simulated bench that the pins of the mock factory are wired to."""


class Audience(Section):
    """The phones in the room: how they join, and whether they may choose a name."""

    join_code: Literal["rotating", "off"] = "rotating"
    """Whether a phone needs the code on the stage to join; off: any phone can join."""

    rotate: float = Field(default=300.0, ge=10)
    """Seconds after which the code changes. The previous code stays valid for one more period."""

    nicknames: bool = False
    """Whether phones may choose a name. It is filtered, and the presenter can clear it."""

    wifi_ssid: str = Field(default="", max_length=32)
    """Name of the Wi-Fi that phones join first; the stage shows a second QR code for it."""

    wifi_password: SecretStr = SecretStr("")
    """Password of that Wi-Fi. The QR code shows it to everyone who sees the stage."""

    wifi_security: Literal["WPA", "WEP", "nopass"] = "WPA"
    """Security of that Wi-Fi. WPA includes WPA2 and WPA3."""

    connectivity_checks: bool = False
    """Whether to answer the checks by which phones look for the internet, so that more of them stay
    on a Wi-Fi without it. The Wi-Fi's DNS server must lead them here; see docs/on-stage.md."""


class DemoSettings(Section):
    """The demo's simulated table. A real table has no such section."""

    bench: str
    """URL of the simulator, whose plugs the presenter can pull by hand."""


class Lab(BaseSettings):
    """The whole table: machines, their plugs, the cluster, and the limits."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
    )

    title: str = "Pull the plug"
    """Title of the stage."""

    speed: float = Field(default=1.0, gt=0, le=1000)
    """Factor by which the simulated cluster's time runs faster. 1 for real machines."""

    epoch: float | None = None
    """Start of the faster time, shared with the simulator (seconds since 1970)."""

    server: ServerSettings = ServerSettings()
    cluster: Cluster = Cluster()
    gpio: GpioSettings = GpioSettings()
    limits: Limits = Limits()
    timing: TimingSettings = TimingSettings()
    audience: Audience = Audience()
    panel: PanelSettings = PanelSettings()
    scale: ScaleSettings | None = None
    """Without this section there are no edges, and phones join at this server."""

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
        """The timing that the cluster is configured for."""
        return PRESETS[self.timing.preset]

    @property
    def default_seconds(self) -> float:
        """Seconds that a machine stays off by default."""
        return self.limits.default_seconds or self.preset.default_off
