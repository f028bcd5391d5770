"""The types of Kubernetes' objects, compiled from the published definitions when first used.

    type_of("apps/v1", "Deployment") ─► fields ─► DeploymentSpec ─► fields ─► …

A type is compiled once, when a field leads to it, so that a server that is never written to
compiles none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal

import orjson

from chaosmonkey.simcluster.schema.golang import go_name, named_string

Kind = Literal[
    "object",
    "list",
    "map",
    "string",
    "boolean",
    "int32",
    "int64",
    "number",
    "bytes",
    "quantity",
    "int-or-string",
    "time",
    "anything",
]

Definition = dict[str, Any]

_SCALARS: dict[tuple[str, str], Kind] = {
    ("string", ""): "string",
    ("string", "byte"): "bytes",
    ("boolean", ""): "boolean",
    ("integer", "int32"): "int32",
    ("integer", "int64"): "int64",
    ("integer", ""): "int64",
    ("number", "double"): "number",
    ("number", ""): "number",
}
_ZEROS: dict[Kind, str | int | bool] = {"string": "", "boolean": False, "int32": 0, "int64": 0}
_SPECIAL: dict[str, Kind] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "anything",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "anything",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
}


@dataclass(frozen=True)
class Field:
    """One field of an object."""

    type: Type
    required: bool
    """Whether the field is written even when it is empty."""
    merge_key: str
    """The key by which a strategic merge patch merges a list; empty if there is none."""
    merged: bool
    """Whether a strategic merge patch merges a list instead of replacing it."""


@dataclass(frozen=True, eq=False)
class Type:
    """A type; `name` is the one that Go prints, `definition` where its fields come from."""

    kind: Kind
    name: str
    definition: Definition
    reference: str = ""

    @cached_property
    def fields(self) -> dict[str, Field]:
        """An object's fields, by their name in JSON."""
        required = set(self.definition.get("required", ()))
        found = self.definition.get("properties", {})
        return {name: self._field(name, part, name in required) for name, part in found.items()}

    def _field(self, name: str, part: Definition, required: bool) -> Field:
        strategy = part.get("x-kubernetes-patch-strategy", "").split(",")
        return Field(
            _compile(part, self.reference, name),
            required,
            part.get("x-kubernetes-patch-merge-key", ""),
            "merge" in strategy,
        )

    @cached_property
    def always(self) -> dict[str, str | int | bool]:
        """The fields that are always written, with what is written if they were not given."""
        return {
            name: _ZEROS[field.type.kind]
            for name, field in self.fields.items()
            if field.required and field.type.kind in _ZEROS
        }

    @cached_property
    def item(self) -> Type:
        """The type of a list's items, or of a map's values."""
        part = self.definition.get("items") or self.definition["additionalProperties"]
        return _compile(part, "", "")


def definitions() -> dict[str, Definition]:
    """The published definitions, by name, with their descriptions; read again at each call."""
    text = files("chaosmonkey.simcluster.schema").joinpath("kubernetes.json").read_bytes()
    found: dict[str, Definition] = orjson.loads(text)
    return found


@cache
def _undescribed() -> dict[str, Definition]:
    """The definitions without descriptions, which are most of them: these stay in memory."""
    found = definitions()
    for definition in found.values():
        definition.pop("description", None)
        for part in definition.get("properties", {}).values():
            part.pop("description", None)
    return found


@cache
def _names() -> dict[tuple[str, str], str]:
    """The name of each kind's definition."""
    named = {}
    for name, found in _undescribed().items():
        for kind in found.get("x-kubernetes-group-version-kind", ()):
            group = f"{kind['group']}/" if kind["group"] else ""
            named[f"{group}{kind['version']}", kind["kind"]] = name
    return named


def name_of(api_version: str, kind: str) -> str:
    """The name of a kind's definition; raises KeyError if it has none."""
    return _names()[api_version, kind]


def is_known(api_version: str, kind: str) -> bool:
    """Whether a kind has a definition."""
    return (api_version, kind) in _names()


def type_of(api_version: str, kind: str) -> Type:
    """A kind's type; raises KeyError if it has none."""
    return _named(name_of(api_version, kind))


@cache
def _named(reference: str) -> Type:
    found = _undescribed()[reference]
    special = _SPECIAL.get(reference)
    kind: Kind = special or ("object" if "properties" in found else "anything")
    return Type(kind, go_name(reference), found, reference)


def _compile(part: Definition, owner: str, name: str) -> Type:
    """The type of a field of `owner`."""
    if reference := part.get("$ref"):
        return _named(reference.removeprefix("#/definitions/"))
    if "items" in part:
        listed = Type("list", "", part)
        return Type("list", f"[]{listed.item.name}", part)
    if "additionalProperties" in part:
        held = Type("map", "", part)
        printed = (
            "v1.ResourceList" if held.item.kind == "quantity" else f"map[string]{held.item.name}"
        )
        return Type("map", printed, part)
    if part.get("type", "object") == "object":
        return Type("anything", "runtime.RawExtension", part)
    kind = _SCALARS[part["type"], part.get("format", "")]
    printed = {"boolean": "bool", "number": "float64", "bytes": "[]uint8"}.get(kind, kind)
    return Type(kind, named_string(owner, name) or printed, part)
