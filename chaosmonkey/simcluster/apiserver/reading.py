"""Reading: a request's body becomes an object of the expected kind.

body ─► JSON, YAML or protobuf ─► kind and version ─► fields by type ─► object, warnings
             │ 415, 400                │ 400               │ 400
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.negotiation import PROTOBUF, READABLE, YAML
from chaosmonkey.simcluster.apiserver.resources import ApiResource
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.schema.decoding import Decoder, DecodingError, Members, plain
from chaosmonkey.simcluster.schema.json_text import BadJson, read
from chaosmonkey.simcluster.schema.protobuf import BadProtobuf, read_protobuf
from chaosmonkey.simcluster.schema.types import is_known, type_of

_PARTS = {
    "binding": ("v1", "Binding"),
    "eviction": ("policy/v1", "Eviction"),
    "scale": ("autoscaling/v1", "Scale"),
}
_SCHEME = "pkg/api/legacyscheme/scheme.go:30"
_SUMMARY = 30
"""How much of a body an error shows, in bytes."""


@dataclass(frozen=True)
class Expected:
    """The kind that a request must carry."""

    api_version: str
    kind: str

    @property
    def group(self) -> str:
        """The name of the group in Go: `core`, `apps`."""
        group, slash, _ = self.api_version.rpartition("/")
        return group.partition(".")[0] if slash else "core"


@dataclass
class Decoded:
    """An object as its author sent it, with what the author should know."""

    object: Obj
    problems: list[str] = field(default_factory=list)
    """Unknown and repeated fields."""


def expected(resource: ApiResource, part: str) -> Expected:
    """The kind that a write to a resource, or to a part of it, must carry."""
    api_version, kind = _PARTS.get(part, (resource.api_version, resource.kind))
    return Expected(api_version, kind)


def parse(body: bytes, media_type: str, wanted: Expected) -> Any:
    """Parse a body. Refuses with 415 or 400 what cannot be parsed."""
    if media_type not in {"", *READABLE}:
        raise refusals.unsupported_media(*READABLE)
    try:
        if media_type == PROTOBUF:
            return read_protobuf(body)
        return _read_yaml(body) if media_type == YAML else read(body)
    except BadJson as broken:
        why = f"couldn't get version/kind; json parse error: {broken}"
    except BadProtobuf as broken:
        why = str(broken)
    raise refusals.bad_request(
        f"the object provided is unrecognized (must be of type {wanted.kind}): {why} "
        f"({_summary(body)})"
    )


def _read_yaml(body: bytes) -> Any:
    from chaosmonkey.simcluster.schema.yaml_text import read_yaml  # noqa: PLC0415 - rarely sent

    return read_yaml(body)


def decode(value: Any, wanted: Expected, *, any_kind: bool = False) -> Decoded:
    """Decode a parsed body. Refuses with 400 another kind, and values of other types.

    `any_kind` accepts every version, as for the options of a deletion.
    """
    head = dict(value) if isinstance(value, Members | dict) else {}
    kind = head.get("kind") or wanted.kind
    version = head.get("apiVersion") or wanted.api_version
    if not any_kind:
        _check_kind(kind, version, wanted)
    decoder = Decoder()
    try:
        decoded = decoder.decode(type_of(wanted.api_version, wanted.kind), value)
    except DecodingError as mistake:
        raise refusals.bad_request(_unhandled(kind, version, wanted, str(mistake))) from None
    named = {"kind": wanted.kind, "apiVersion": wanted.api_version}
    return Decoded(named | decoded | named, decoder.strict)


def refuse_strict(found: Decoded, wanted: Expected) -> None:
    """Refuse with 400 an object with unknown or repeated fields."""
    if found.problems:
        why = f"strict decoding error: {', '.join(found.problems)}"
        raise refusals.bad_request(_unhandled(wanted.kind, wanted.api_version, wanted, why))


def decode_patched(value: Obj, wanted: Expected, shown: str, *, strict: bool) -> Decoded:
    """Decode a patched object. Refuses with 422 what the patch made of it."""
    decoder = Decoder()
    try:
        decoded = decoder.decode(type_of(wanted.api_version, wanted.kind), value)
        why = f"strict decoding error: {', '.join(decoder.strict)}" if decoder.strict else ""
    except DecodingError as mistake:
        decoded, strict, why = {}, True, str(mistake)
    if strict and why:
        cause = ("FieldValueInvalid", f"Invalid value: {shown}: {why}", "patch")
        raise refusals.invalid_options("", cause)
    named = {"kind": wanted.kind, "apiVersion": wanted.api_version}
    return Decoded(named | decoded | named, decoder.strict)


def _check_kind(kind: Any, version: Any, wanted: Expected) -> None:
    for name, value in (("kind", kind), ("apiVersion", version)):
        if not isinstance(value, str):
            raise refusals.bad_request(
                f"the object provided is unrecognized (must be of type {wanted.kind}): couldn't "
                f"get version/kind; json parse error: json: cannot unmarshal {_called(value)} into "
                f"Go struct field .{name} of type string"
            )
    if (kind, version) == (wanted.kind, wanted.api_version):
        return
    if is_known(version, kind):
        short = version.rpartition("/")[2]
        why = f"converting ({short}.{kind}) to ({wanted.group}.{wanted.kind}): unknown conversion"
    else:
        why = f'no kind "{kind}" is registered for version "{version}" in scheme "{_SCHEME}"'
    raise refusals.bad_request(_unhandled(kind, version, wanted, why))


def _unhandled(kind: str, version: str, wanted: Expected, why: str) -> str:
    short = version.rpartition("/")[2]
    return f'{kind} in version "{short}" cannot be handled as a {wanted.kind}: {why}'


def _called(value: Any) -> str:
    match plain(value):
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case dict():
            return "object"
        case _:
            return "array"


def _summary(body: bytes) -> str:
    """The start of a body, as text or in hexadecimal digits."""
    if not body:
        return "<empty>"
    more = " ..." if len(body) > _SUMMARY else ""
    start = body[:_SUMMARY]
    return (start.decode(errors="replace") if body[:1] == b"{" else start.hex()) + more
