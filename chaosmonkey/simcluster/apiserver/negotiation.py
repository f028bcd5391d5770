"""Media types: what a body may be written in, what a client accepts, and both ends of a verb."""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"

OPENAPI_ACCEPTED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
"""What clients call the OpenAPI document of version 2 in protobuf."""

OPENAPI = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
"""What the answer is called, because a media type holds no `@`."""

READABLE = (JSON, YAML, PROTOBUF)
"""The media types of bodies."""

WRITABLE = (JSON, YAML)
"""The media types of answers."""


@dataclass(frozen=True)
class Body:
    """A request's body, and the media type that its sender gave it."""

    data: bytes
    media_type: str


@dataclass(frozen=True)
class VerbAnswer:
    """An HTTP status, the object to send, and warnings for the client."""

    code: int
    object: Obj
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Accepted:
    """What a client gets."""

    media_type: str = JSON
    table: bool = False
    """Whether it gets a Table instead of objects."""


def negotiate(accept: str) -> Accepted:
    """Choose the first form that the server can write. Refuses with 406 if there is none."""
    if not accept.strip():
        return Accepted()
    for clause in accept.split(","):
        name, *parameters = (part.strip() for part in clause.split(";"))
        given = dict(part.split("=", 1) for part in parameters if "=" in part)
        form = given.get("as", "")
        if form not in {"", "Table"}:
            continue
        if form == "Table" and (given.get("g"), given.get("v")) != ("meta.k8s.io", "v1"):
            continue
        if name in {*WRITABLE, "*/*", "application/*"}:
            return Accepted(name if name in WRITABLE else JSON, table=form == "Table")
    raise refusals.not_acceptable(*WRITABLE)
