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

_PARTIAL = "PartialObjectMetadata"

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
    form: str = ""
    """What it gets instead of objects: `Table`, or `PartialObjectMetadata`."""

    @property
    def table(self) -> bool:
        """Whether it gets a Table."""
        return self.form == "Table"

    @property
    def partial(self) -> bool:
        """Whether it gets metadata alone."""
        return self.form == _PARTIAL


def negotiate(accept: str) -> Accepted:
    """Choose the first form that the server can write. Refuses with 406 if there is none."""
    if not accept.strip():
        return Accepted()
    for clause in accept.split(","):
        name, *parameters = (part.strip() for part in clause.split(";"))
        given = dict(part.split("=", 1) for part in parameters if "=" in part)
        form = given.get("as", "").replace(f"{_PARTIAL}List", _PARTIAL)
        if form not in {"", "Table", _PARTIAL}:
            continue
        if form and (given.get("g"), given.get("v")) != ("meta.k8s.io", "v1"):
            continue
        if name in {*WRITABLE, "*/*", "application/*"}:
            return Accepted(name if name in WRITABLE else JSON, form=form)
    raise refusals.not_acceptable(*WRITABLE)


def partial(obj: Obj) -> Obj:
    """The metadata of an object alone."""
    return {"kind": _PARTIAL, "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def partial_list(listed: Obj) -> Obj:
    """The metadata of a list's objects."""
    items = [{"metadata": item["metadata"]} for item in listed["items"]]
    head = {"kind": f"{_PARTIAL}List", "apiVersion": "meta.k8s.io/v1"}
    return head | {"metadata": listed["metadata"], "items": items}
