"""Random objects of Kubernetes' types, with any of their fields empty or odd."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

from chaosmonkey.simcluster.apiserver.resources import ApiResource
from chaosmonkey.simcluster.schema.types import Type, type_of

_TEXTS = ("", "a", "Ready", "True", "None", "A_b", "a/b", "50%", "ClusterIP", "RollingUpdate", "In")
_ODD: tuple[Any, ...] = (None, "", 0, [], {}, "x", True)


def sparse_object(resource: ApiResource, random: Random, *, odd: bool) -> dict[str, Any]:
    """An object of a kind, without a name; with `odd`, some values are of another type."""
    kind = type_of(resource.api_version, resource.kind)
    shown = [name for name in kind.fields if name not in {"apiVersion", "kind", "metadata"}]
    return {
        name: _value(kind.fields[name].type, random, 7, odd)
        for name in shown
        if random.random() < 0.8
    }


def _value(kind: Type, random: Random, depth: int, odd: bool) -> Any:
    if odd and random.random() < 0.05:
        return random.choice(_ODD)
    match kind.kind:
        case "object":
            share = min(0.7, 5 / max(1, len(kind.fields))) if depth else 0.0
            return {
                name: _value(field.type, random, depth - 1, odd)
                for name, field in kind.fields.items()
                if random.random() < share
            }
        case "list":
            count = random.randint(0, 2) if depth else 0
            return [_value(kind.item, random, depth - 1, odd) for _ in range(count)]
        case "map":
            names = random.sample(["a", "cpu", "memory", "A b", ""], random.randint(0, 2))
            return {name: _value(kind.item, random, depth - 1, odd) for name in names}
        case "string":
            return random.choice(_TEXTS)
        case "int32" | "int64":
            return random.choice([-1, 0, 1, 2])
        case "int-or-string":
            return random.choice([-1, 0, 1, 2, "", "50%", "half", "150%"])
        case "boolean":
            return random.random() < 0.5
        case "quantity":
            return random.choice(["1", "100m", "-1", "1Gi", *(["abc", ""] if odd else [])])
        case "time":
            return random.choice([None, "2026-11-20T05:26:54Z", *(["soon"] if odd else [])])
        case "bytes":
            return random.choice(["", "aGk=", *(["?"] if odd else [])])
        case _:
            return {}


_LABELS = {"app": "a"}
_POD: dict[str, Any] = {"containers": [{"name": "a", "image": "b"}]}
_TEMPLATE = {"metadata": {"labels": _LABELS}, "spec": _POD}
_OWNER = {"spec": {"selector": {"matchLabels": _LABELS}, "template": _TEMPLATE}}
_VALID: dict[str, dict[str, Any]] = {
    "pods": {"spec": _POD},
    "services": {"spec": {"ports": [{"port": 80}], "selector": _LABELS}},
    "daemonsets": _OWNER,
    "deployments": _OWNER,
    "replicasets": _OWNER,
    "statefulsets": _OWNER,
    "endpointslices": {"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}]},
    "poddisruptionbudgets": {"spec": {"minAvailable": 1, "selector": {"matchLabels": _LABELS}}},
}


def varied_object(resource: ApiResource, random: Random) -> dict[str, Any]:
    """A valid object of a kind with a few fields changed at random."""
    obj: dict[str, Any] = deepcopy(_VALID.get(resource.plural, {}))
    for _ in range(random.randint(0, 3)):
        _vary(type_of(resource.api_version, resource.kind), obj, random)
    return obj


def _vary(kind: Type, obj: Any, random: Random) -> None:
    """Change a field, mostly one far inside."""
    if not isinstance(obj, dict):
        return
    names = [name for name in kind.fields if name not in {"apiVersion", "kind", "metadata"}]
    name = random.choice([*names, *obj])
    if name not in kind.fields:
        return
    field, value = kind.fields[name].type, obj.get(name)
    inner = field.item if field.kind == "list" else field
    if isinstance(value, list) and value and inner.kind == "object" and random.random() < 0.8:
        _vary(inner, random.choice(value), random)
    elif isinstance(value, dict) and inner.kind == "object" and random.random() < 0.9:
        _vary(inner, value, random)
    else:
        obj[name] = _value(field, random, 2, odd=random.random() < 0.3)
