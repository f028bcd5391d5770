"""Where the server listens, where it keeps its data, and who is asked for a token."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from pydantic import Field, field_validator

from chaosmonkey.config.base import Section


class Server(Section):
    """Where the server listens and where it keeps its data."""

    host: str = "127.0.0.1"
    """Address to listen on. Loopback by default: whoever can reach it can cut power."""

    port: int = Field(default=8080, ge=0, le=65535)
    """TCP port to listen on; 0 takes any free one."""

    data: Path = Field(default=Path("~/.local/share/chaosmonkey"), validate_default=True)
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
