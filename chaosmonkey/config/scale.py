"""The settings of the link between the server and its edges, which serve phones elsewhere."""

from __future__ import annotations

import ipaddress
import re
import socket
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator

from chaosmonkey.config.base import Secret, Section
from chaosmonkey.config.server import ListenSettings

_TOKEN = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?")


def _subject_token(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise ValueError("must be lower-case letters, digits, - and _, as a part of a subject")
    return value


def _own_name() -> str:
    """Return this machine's name as a part of a subject."""
    return re.sub(r"[^a-z0-9]+", "-", socket.gethostname().lower()).strip("-")[:60] or "edge"


SubjectToken = Annotated[str, Field(max_length=60), AfterValidator(_subject_token)]
"""A name that is a part of NATS subjects."""


class NatsSettings(Section):
    """The NATS servers that connect a server with its edges."""

    servers: tuple[str, ...] = Field(min_length=1)
    """URLs of the NATS servers, such as "tls://nats.example.org:4222"; several form a cluster."""

    user: str = ""
    """User name, as in deploy/edge/nats.conf: table for the server, edge for the edges."""

    password: Secret = SecretStr("")
    """Its password; better as "{env:NATS_PASSWORD}" or "{file:/run/secrets/nats}"."""

    ca: Path | None = None
    """File of the CA that signed the NATS servers' certificates; default: the system's CAs."""

    table: SubjectToken = "table"
    """Name of the table, the same for its server and its edges: NATS may carry several."""

    @field_validator("servers")
    @classmethod
    def _are_urls(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            parts = urlsplit(value)
            if parts.scheme not in ("nats", "tls") or not parts.hostname:
                raise ValueError('must be URLs such as "tls://nats.example.org:4222"')
            if parts.username or parts.password:
                raise ValueError("must not contain a password: set user and password")
        return values

    @field_validator("ca")
    @classmethod
    def _expand(cls, value: Path | None) -> Path | None:
        return value.expanduser() if value else None


class ScaleSettings(NatsSettings):
    """Edges that serve the audience's phones: the server connects to NATS, and so do they."""

    join_url: str | None = None
    """URL of the edges' phone page for the QR code, such as "https://play.example.org/play";
    default: phones join at this server."""

    edges_may_cut: bool = False
    """Whether a press on an edge cuts without the presenter's approval in a round that needs none.
    If not, a stolen password of an edge can cut nothing."""

    @field_validator("join_url")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError('must be a URL such as "https://play.example.org/play"')
            if not parts.path.endswith("/play"):
                raise ValueError("must end with /play, the path of the phone page")
        return value


class EdgeListenSettings(ListenSettings):
    """Where an edge listens, and the names by which phones reach it."""

    host: str = "0.0.0.0"  # noqa: S104 - an edge is for everyone, and cuts nothing
    """Address to listen on; everyone may reach an edge."""

    proxies: tuple[str, ...] = ()
    """Addresses or networks of the proxies in front, such as "10.42.0.0/16": their X-Forwarded-For
    is trusted, and the limits of one address do not apply to them."""

    @field_validator("proxies")
    @classmethod
    def _are_networks(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            ipaddress.ip_network(value)  # raises ValueError
        return values

    @property
    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The networks of the proxies."""
        return tuple(map(ipaddress.ip_network, self.proxies))


class EdgeSettings(Section):
    """The settings of an edge, in a file of its own."""

    name: SubjectToken = Field(default_factory=_own_name)
    """Name of this edge, unlike any other edge's; default: this machine's."""

    server: EdgeListenSettings = EdgeListenSettings()
    nats: NatsSettings
