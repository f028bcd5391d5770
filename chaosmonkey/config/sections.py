"""The settings as frozen sections: what can be set, what it means, in which range.

Every section refuses keys that it does not know. The docstring under a key is its documentation:
error messages quote it and docs/configuration.md is made from it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chaosmonkey.config.base import Section
from chaosmonkey.config.limits import Limits
from chaosmonkey.config.plugs import PlugConfig, PlugSettings
from chaosmonkey.config.table import ButtonLine, Line, Panel, SensorConfig, SensorSettings
from chaosmonkey.model import FeedKind

ENVIRONMENT_PREFIX = "CHAOSMONKEY_"


# --- presets ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preset:
    """How quickly a cluster reacts to a lost machine, in seconds.

    Attributes:
        grace: kube-controller-manager `--node-monitor-grace-period`.
        period: kube-controller-manager `--node-monitor-period`.
        lease: kubelet `nodeLeaseDurationSeconds`; it is renewed every quarter of that.
        toleration: `tolerationSeconds` of the pods for an unreachable node.
        default_off: how long a cut lasts if nobody says: long enough to see the recovery.
    """

    grace: float
    period: float
    lease: float
    toleration: float
    default_off: float


PRESETS: dict[str, Preset] = {
    # Kubernetes 1.36 as it comes: 50 s + the 300 s that admission gives every pod.
    "kubernetes": Preset(grace=50, period=5, lease=40, toleration=300, default_off=420),
    # For five minutes on a stage; deploy.md says which flags to set where.
    "stage": Preset(grace=8, period=1, lease=8, toleration=2, default_off=60),
}


@dataclass(frozen=True, slots=True)
class Supervision:
    """What a supervisor such as systemd has set for this process.

    Attributes:
        notify_socket: where it listens; a leading @ is an abstract socket.
        watchdog_seconds: after how long a silence it kills; None if it does not.
    """

    notify_socket: str | None = None
    watchdog_seconds: float | None = None


# --- sections -----------------------------------------------------------------------------------


class Server(Section):
    """Where the server listens and where it keeps its data."""

    host: str = "127.0.0.1"
    """Address to listen on. Loopback by default: whoever can reach it can cut power."""

    port: int = Field(default=8080, ge=0, le=65535)
    """TCP port to listen on; 0 takes any free one."""

    data: Path = Path("~/.local/share/chaosmonkey")
    """Folder of the journal and the records. It is made if missing and must be writable."""

    public_url: str | None = None
    """Where phones reach this server, such as "http://chaos.local:8080"; its address by default."""

    allowed_hosts: tuple[str, ...] = ()
    """More names by which browsers may call this server, such as "chaos.local"."""

    always_ask: bool = False
    """Whether whoever comes from this machine needs a token too: behind a proxy, or on a machine
    that several people use."""

    presenter_token: str | None = Field(default=None, min_length=16, repr=False)
    """A presenter's token of your own; better given as CHAOSMONKEY_SERVER__PRESENTER_TOKEN."""

    @field_validator("data")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser()

    @property
    def anywhere(self) -> bool:
        """Whether it listens on every address of this machine."""
        return self.host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound

    @property
    def open_here(self) -> bool:
        """Whether whoever comes from this machine is the presenter."""
        return self.here_only and not self.always_ask

    @property
    def here_only(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def local_host(self) -> str:
        """How a browser on this machine writes the address."""
        if self.anywhere:
            return "127.0.0.1"
        return f"[{self.host}]" if ":" in self.host else self.host


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
    """Whether Kubernetes' events are watched too."""

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


class Gpio(Section):
    """How this machine's GPIO lines are reached."""

    pin_factory: Literal["lgpio", "rpigpio", "mock"] = "lgpio"
    """gpiozero's pin factory, never guessed. Only those that can claim a line without a glitch."""

    chip: int | None = Field(default=None, ge=0)
    """Number of the gpiochip (lgpio only); gpiozero's choice if not given."""

    i2c_bus: int = Field(default=1, ge=0)
    """Number N of /dev/i2c-N, for an expander and current monitors. 1 is on pins 3 and 5."""

    header: str | None = None
    """host:port of a pretend bench that the pins of the mock factory are wired to."""


class Timing(Section):
    """How quickly the cluster is set up to react."""

    preset: Literal["kubernetes", "stage"] = "kubernetes"
    """kubernetes: as it comes (50 s + 300 s). stage: made quick (8 s + 2 s)."""


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


class Demo(Section):
    """The demo's pretend table. A real table has no such section."""

    bench: str
    """URL of the simulator, whose sockets a hand may pull on the stage."""


class Machine(Section):
    """One worker and what feeds it."""

    name: str = Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
    """What people call it; lower-case letters, digits, '-' and '.'."""

    node: str = ""
    """What Kubernetes calls it, if that is another name."""

    power: PlugConfig | None = None
    """The plug in its power feed."""

    network: PlugConfig | None = None
    """The plug in its network link."""

    power_sensor: SensorConfig | None = None
    """What tells whether power arrives."""

    network_sensor: SensorConfig | None = None
    """What tells whether its link is up."""

    button: ButtonLine | None = None
    """The line of its button on the panel, to ground: a BCM number, or "A0" on the expander."""

    led: Line | None = None
    """The line of its LED on the panel: a BCM number, or "B0" on the expander."""

    @property
    def node_name(self) -> str:
        """The name of the machine's node."""
        return self.node or self.name

    def plug(self, feed: FeedKind) -> PlugSettings | None:
        """The plug of that feed, if the machine has one."""
        match feed:
            case FeedKind.POWER:
                return self.power
            case FeedKind.NETWORK:
                return self.network

    def sensor(self, feed: FeedKind) -> SensorSettings | None:
        """The sensor of that feed, if the machine has one."""
        match feed:
            case FeedKind.POWER:
                return self.power_sensor
            case FeedKind.NETWORK:
                return self.network_sensor


class Lab(BaseSettings):
    """The whole table: machines, their plugs, the cluster, and what is allowed."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
    )

    title: str = "Pull the plug"
    """What the stage is headed with."""

    speed: float = Field(default=1.0, gt=0, le=1000)
    """How many times faster than real the (simulated) cluster's time runs. 1 for real machines."""

    epoch: float | None = None
    """Start of the faster time, shared with the simulator (seconds since 1970)."""

    crash_at: str | None = None
    """For tests of the dead man: the step of a cut at which this process kills itself."""

    server: Server = Server()
    cluster: Cluster = Cluster()
    gpio: Gpio = Gpio()
    limits: Limits = Limits()
    timing: Timing = Timing()
    audience: Audience = Audience()
    panel: Panel = Panel()
    demo: Demo | None = None
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
