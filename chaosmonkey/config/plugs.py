"""The settings of plugs: one frozen section per driver, told apart by the key `driver`.

The docstring under a key is its documentation in docs/configuration.md.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from chaosmonkey.config.base import Secret, Section
from chaosmonkey.config.http_presets import PRESETS
from chaosmonkey.config.http_recipe import HttpRecipe


class GpioPlug(Section):
    """A relay on a GPIO line."""

    driver: Literal["gpio"]
    pin: int = Field(ge=0, le=27)
    """BCM number of the line, such as 17. Not the number on the header."""

    contact: Literal["NC", "NO"] = "NC"
    """The relay contact that feeds the machine. NC (normally closed) fails to "powered"."""

    active_high: bool = True
    """Whether a high level energises the coil (ULN2803: true; most blue relay boards: false)."""


class CommandPlug(Section):
    """Any program that cuts, restores and reads. Arguments may contain {machine} and {node}."""

    driver: Literal["command"]
    cut: tuple[str, ...] = Field(min_length=1)
    """Program and arguments that cut the feed. No shell: each argument is passed as is.
    {seconds} is the length of the cut plus a margin, for devices that turn themselves on again."""

    restore: tuple[str, ...] = Field(min_length=1)
    """Program and arguments that restore the feed."""

    read: tuple[str, ...] = Field(min_length=1)
    """Program and arguments that print `on` or `off`; anything else counts as unknown."""

    timeout: float = Field(default=10.0, gt=0)
    """Seconds after which a program that has not ended is killed and counts as failed."""

    device: str | None = None
    """Name shared by the plugs of one device, whose commands then run one at a time."""


class UhubctlPlug(Section):
    """A port of a USB hub with per-port power switching, by the program uhubctl."""

    driver: Literal["uhubctl"]
    hub: str = Field(pattern=r"^\d+(-\d+(\.\d+)*)?$")
    """Location of the hub, such as "1-1"; `uhubctl` lists the hubs that it can switch."""

    port: int = Field(ge=1, le=255)
    """The port of that hub. On a Raspberry Pi 4 or 5 all ports switch together."""

    force: bool = False
    """Whether to try a hub that does not report power switching."""

    timeout: float = Field(default=10.0, gt=0)
    """Seconds after which a uhubctl that has not ended is killed and counts as failed."""


class SnmpPort(Section):
    """A port of a managed switch, and the access to its SNMP agent."""

    host: str = Field(min_length=1)
    """Name or address of the switch."""

    port: int = Field(default=161, ge=1, le=65535)
    """UDP port of the SNMP agent."""

    poe: str | None = Field(default=None, pattern=r"^(\d+\.)?\d+$")
    """The PoE port, such as "3", or "2.3" for port 3 of group 2 of a modular switch."""

    interface: int | None = Field(default=None, ge=1)
    """The interface by its ifIndex, instead of `poe`. For network feeds."""

    community: Secret | None = None
    """SNMP v2c: the community; a plug needs write access. Or "{env:NAME}", or "{file:PATH}"."""

    user: str | None = Field(default=None, min_length=1)
    """SNMP v3: the user, instead of `community`."""

    auth: Secret | None = None
    """SNMP v3: the user's authentication passphrase. Or "{env:NAME}", or "{file:PATH}"."""

    auth_protocol: Literal["MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"] = "SHA"
    """SNMP v3: the authentication protocol."""

    privacy: Secret | None = None
    """SNMP v3: the user's privacy passphrase; needs `pip install cryptography`."""

    privacy_protocol: Literal["DES", "AES", "AES192", "AES256"] = "AES"
    """SNMP v3: the encryption protocol."""

    timeout: float = Field(default=5.0, gt=0)
    """Seconds to wait for an answer. Some switches need more than one."""

    @model_validator(mode="after")
    def _is_one_port_and_one_way_in(self) -> Self:
        if (self.poe is None) == (self.interface is None):
            raise ValueError("needs either `poe` or `interface`")
        if (self.community is None) == (self.user is None):
            raise ValueError("needs either `community` (SNMP v2c) or `user` (SNMP v3)")
        if self.privacy is not None and self.auth is None:
            raise ValueError("`privacy` needs `auth` too")
        if self.user is not None:
            for passphrase in (self.auth, self.privacy):
                if passphrase is not None and len(passphrase.get_secret_value()) < 8:
                    raise ValueError("`auth` and `privacy` need at least 8 characters (RFC 3414)")
        return self


class SnmpPlug(SnmpPort):
    """A port of a managed switch over SNMP: its PoE (`poe`) or its link (`interface`)."""

    driver: Literal["snmp"]


def _is_preset(name: str) -> str:
    if name not in PRESETS:
        raise ValueError(f"must be one of {', '.join(PRESETS)}; for any other device, set `recipe`")
    return name


class HttpPlug(Section):
    """A device that is switched over HTTP: by a preset, or by your own recipe."""

    driver: Literal["http"]
    url: str = Field(pattern=r"^https?://[^@?#\s]+$")
    """URL of the device, such as "http://192.168.1.20", without user and password."""

    preset: Annotated[str, AfterValidator(_is_preset)] | None = None
    """The kind of device: the name of a preset. Shelly Plus, Pro, Gen3 and Gen4: "shelly-gen2"."""

    recipe: HttpRecipe | None = None
    """Requests and answers of another device: `cut`, `restore`, `read`, `on`, `off` (see below)."""

    outlet: str | int | None = None
    """Which outlet, relay (Shelly from 0, Tasmota from 1), port ("ether3"), node or entity."""

    user: str = "admin"
    """The user, if there is a password."""

    password: Secret | None = None
    """The device's password. Or "{env:NAME}", or "{file:PATH}"."""

    token: Secret | None = None
    """A bearer token, such as a long-lived one of Home Assistant. Or as with `password`."""

    verify_tls: bool = True
    """Whether to verify the certificate of an https:// device. Many are self-signed: set false."""

    timeout: float = Field(default=5.0, gt=0)
    """Seconds to wait for an answer."""

    @model_validator(mode="after")
    def _is_one_device(self) -> HttpPlug:
        if (self.preset is None) == (self.recipe is None):
            raise ValueError("needs either `preset` or `recipe`")
        if self.password is not None and self.token is not None:
            raise ValueError("needs either `password` or `token`")
        if self.outlet is None and self.how.outlet is None:
            raise ValueError("`outlet` is missing: set the port, node or entity")
        return self

    @property
    def how(self) -> HttpRecipe:
        """The recipe in use."""
        return self.recipe or PRESETS[self.preset or ""]

    @property
    def which(self) -> str:
        """The outlet in use."""
        return str(self.how.outlet if self.outlet is None else self.outlet)


class FencePlug(Section):
    """Any fence agent: rack power strips, IPMI, Redfish and some eighty others."""

    driver: Literal["fence"]
    agent: str = Field(pattern=r"^fence_\w+$")
    """The agent, such as "fence_apc_snmp"."""

    keys: dict[str, Secret]
    """Parameters of the agent, such as { ip = "pdu", plug = "3", password = "{env:PDU}" };
    its man page lists them. Not the action, which is always off, on or status, never reboot."""

    timeout: float = Field(default=30.0, gt=0)
    """Seconds after which an agent that has not ended is killed and counts as failed."""

    @field_validator("keys", mode="before")
    @classmethod
    def _are_words(cls, keys: object) -> object:
        """Numbers and booleans as agents read them."""
        if not isinstance(keys, dict):
            return keys
        return {
            key: str(int(value)) if isinstance(value, bool | int) else value
            for key, value in keys.items()
        }

    @field_validator("keys")
    @classmethod
    def _are_safe(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for key, value in keys.items():
            if key in _NOT_A_KEY:
                raise ValueError(f"`{key}` cannot be set here")
            if not re.fullmatch(r"\w+", key) or "\n" in value.get_secret_value():
                raise ValueError("a key is one word, and its value one line")
        return keys

    @property
    def device(self) -> str:
        """The agent and its address."""
        named = (self.keys.get(key) for key in ("ip", "ipaddr", "ipport"))
        return " ".join([self.agent, *(value.get_secret_value() for value in named if value)])


# Keys that would change the action, or write secrets into a file.
_NOT_A_KEY = (
    *("action", "option", "method", "help", "version"),
    *("debug", "debug_file", "verbose", "verbose_level"),
)

PlugSettings = GpioPlug | CommandPlug | UhubctlPlug | SnmpPlug | HttpPlug | FencePlug
"""The settings of one plug, of any driver."""

PlugConfig = Annotated[PlugSettings, Field(discriminator="driver")]

DRIVERS: dict[str, type[PlugSettings]] = {
    "gpio": GpioPlug,
    "command": CommandPlug,
    "uhubctl": UhubctlPlug,
    "snmp": SnmpPlug,
    "http": HttpPlug,
    "fence": FencePlug,
}
"""The sections by what `driver` says."""
