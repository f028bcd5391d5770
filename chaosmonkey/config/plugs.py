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
    """Any program that can cut, restore and read. Arguments may contain {machine} and {node}."""

    driver: Literal["command"]
    cut: tuple[str, ...] = Field(min_length=1)
    """Program and arguments that cut the feed. No shell: each argument is passed as it stands.
    {seconds} is for how long, with a margin, if the device can turn itself on again."""

    restore: tuple[str, ...] = Field(min_length=1)
    """Program and arguments that restore the feed."""

    read: tuple[str, ...] = Field(min_length=1)
    """Program and arguments that print `on` or `off`; anything else counts as unknown."""

    timeout: float = Field(default=10.0, gt=0)
    """Seconds after which a program that has not ended is killed and counts as failed."""

    device: str | None = None
    """Name shared by plugs of one device that must not be spoken to twice at once."""


class UhubctlPlug(Section):
    """A port of a USB hub that can switch its ports' power, by the program uhubctl."""

    driver: Literal["uhubctl"]
    hub: str = Field(pattern=r"^\d+(-\d+(\.\d+)*)?$")
    """Where the hub is, such as "1-1"; `uhubctl` lists those that can be switched."""

    port: int = Field(ge=1, le=255)
    """The port of that hub. On a Raspberry Pi 4 or 5 all ports go together."""

    force: bool = False
    """Whether to try a hub that does not say that it can be switched."""

    timeout: float = Field(default=10.0, gt=0)
    """Seconds after which a uhubctl that has not ended is killed and counts as failed."""


class SnmpPort(Section):
    """A port of a managed switch, and how its SNMP agent is spoken to."""

    host: str = Field(min_length=1)
    """Name or address of the switch."""

    port: int = Field(default=161, ge=1, le=65535)
    """UDP port on which it answers."""

    poe: str | None = Field(default=None, pattern=r"^(\d+\.)?\d+$")
    """The PoE port, such as "3", or "2.3" for port 3 of group 2 of a modular switch."""

    interface: int | None = Field(default=None, ge=1)
    """The interface by its ifIndex, instead of `poe`. For network feeds."""

    community: Secret | None = None
    """SNMP v2c: the community, for a plug one that may write. Or "{env:NAME}", or "{file:PATH}"."""

    user: str | None = Field(default=None, min_length=1)
    """SNMP v3: the user, instead of `community`."""

    auth: Secret | None = None
    """SNMP v3: the user's authentication passphrase. Or "{env:NAME}", or "{file:PATH}"."""

    auth_protocol: Literal["MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"] = "SHA"
    """SNMP v3: how the switch authenticates that user."""

    privacy: Secret | None = None
    """SNMP v3: the user's privacy passphrase; needs `pip install 'chaosmonkey[snmp3]'`."""

    privacy_protocol: Literal["DES", "AES", "AES192", "AES256"] = "AES"
    """SNMP v3: how the switch encrypts."""

    timeout: float = Field(default=5.0, gt=0)
    """Seconds to wait for an answer. Some switches take more than one."""

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
                    raise ValueError("`auth` and `privacy` have 8 characters or more (RFC 3414)")
        return self


class SnmpPlug(SnmpPort):
    """A port of a managed switch over SNMP: its PoE (`poe`) or its link (`interface`)."""

    driver: Literal["snmp"]


def _is_preset(name: str) -> str:
    if name not in PRESETS:
        raise ValueError(f"must be one of {', '.join(PRESETS)}; any other device needs a `recipe`")
    return name


class HttpPlug(Section):
    """A device that is switched over HTTP: one of the presets, or a recipe of your own."""

    driver: Literal["http"]
    url: str = Field(pattern=r"^https?://[^@?#\s]+$")
    """Where the device listens, such as "http://192.168.1.20". Not with a user and a password."""

    preset: Annotated[str, AfterValidator(_is_preset)] | None = None
    """What the device is: the name of a preset. Shelly Plus, Pro, Gen3 and Gen4: "shelly-gen2"."""

    recipe: HttpRecipe | None = None
    """How to speak to any other device: `cut`, `restore`, `read`, `on`, `off` (see below)."""

    outlet: str | int | None = None
    """Which outlet, relay (Shelly from 0, Tasmota from 1), port ("ether3"), node or entity."""

    user: str = "admin"
    """Who signs in, if there is a password."""

    password: Secret | None = None
    """The device's password. Or "{env:NAME}", or "{file:PATH}"."""

    token: Secret | None = None
    """A bearer token, such as Home Assistant's long-lived ones. Or as with `password`."""

    verify_tls: bool = True
    """Whether the certificate of an https:// device must be good. Many devices made their own."""

    timeout: float = Field(default=5.0, gt=0)
    """Seconds to wait for an answer."""

    @model_validator(mode="after")
    def _is_one_device(self) -> HttpPlug:
        if (self.preset is None) == (self.recipe is None):
            raise ValueError("needs either `preset` or `recipe`")
        if self.password is not None and self.token is not None:
            raise ValueError("needs either `password` or `token`")
        if self.outlet is None and self.how.outlet is None:
            raise ValueError("`outlet` is missing: which port, node or entity is it?")
        return self

    @property
    def how(self) -> HttpRecipe:
        """The recipe that is followed."""
        return self.recipe or PRESETS[self.preset or ""]

    @property
    def which(self) -> str:
        """The outlet that is meant."""
        return str(self.how.outlet if self.outlet is None else self.outlet)


class FencePlug(Section):
    """Any fence agent: rack power strips, IPMI, Redfish and some eighty others."""

    driver: Literal["fence"]
    agent: str = Field(pattern=r"^fence_\w+$")
    """The agent, such as "fence_apc_snmp"."""

    keys: dict[str, Secret]
    """What the agent is told, such as { ip = "pdu", plug = "3", password = "{env:PDU}" }; its man
    page lists its keys. Not the action: that is off, on or status, never reboot."""

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
        """The agent and the address that it speaks to."""
        named = (self.keys.get(key) for key in ("ip", "ipaddr", "ipport"))
        return " ".join([self.agent, *(value.get_secret_value() for value in named if value)])


# What would change what is done, or write what is secret into a file.
_NOT_A_KEY = (
    *("action", "option", "method", "help", "version"),
    *("debug", "debug_file", "verbose", "verbose_level"),
)

PlugSettings = GpioPlug | CommandPlug | UhubctlPlug | SnmpPlug | HttpPlug | FencePlug
"""The settings of one plug, of whatever driver."""

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
