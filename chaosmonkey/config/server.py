"""The settings of the server: address, data folder, and who needs a token."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from chaosmonkey.config.base import Section


class ListenSettings(Section):
    """Where a web server listens, and the names by which browsers reach it."""

    host: str = "127.0.0.1"
    """Address to listen on. Loopback by default: any client that can reach it can cut power."""

    port: int = Field(default=8080, ge=0, le=65535)
    """TCP port to listen on; 0 takes any free one."""

    public_url: str | None = None
    """URL for phones, such as "http://chaos.local:8080", or "https://example.org/chaos" behind a
    proxy; default: the server's address. Its host name is allowed."""

    allowed_hosts: tuple[str, ...] = ()
    """More host names that browsers may use for this server, besides this machine's own."""

    @field_validator("public_url")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError('must be a complete URL such as "http://chaos.local:8080"')
        if parts.username or parts.query or parts.fragment:
            raise ValueError("must not contain a user, ? or #")
        _ = parts.port  # raises ValueError if it is none
        return value.rstrip("/")

    @property
    def public_origin(self) -> str | None:
        """Scheme, name and port of `public_url`, as browsers write them."""
        if self.public_url is None:
            return None
        parts = urlsplit(self.public_url)
        usual = {"http": 80, "https": 443}[parts.scheme]
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = "" if parts.port in (None, usual) else f":{parts.port}"
        return f"{parts.scheme}://{host}{port}"

    @property
    def prefix(self) -> str:
        """The path under which a proxy serves this server, such as "/chaos"; "" without one."""
        return urlsplit(self.public_url).path if self.public_url else ""

    @property
    def anywhere(self) -> bool:
        """Whether it listens on every address of this machine."""
        return self.host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound

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


class ServerSettings(ListenSettings):
    """Address, data folder and access of the server."""

    data: Path = Field(default=Path("~/.local/share/chaosmonkey"), validate_default=True)
    """Folder of the journal and the records. It is created if missing and must be writable."""

    always_ask: bool = False
    """Whether requests from this machine need a token too: set it behind a proxy, or on a machine
    with several users."""

    presenter_token: str | None = Field(default=None, min_length=16, repr=False)
    """A fixed presenter's token; better set as CHAOSMONKEY_SERVER__PRESENTER_TOKEN."""

    @field_validator("data")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser()

    @property
    def open_here(self) -> bool:
        """Whether requests from this machine have presenter access.

        Not with a `public_url`: a proxy on this machine forwards requests of others.
        """
        return self.here_only and not self.always_ask and self.public_url is None
