"""Validation of what the controllers rely on.

A real API server checks far more. This checks the shape of the fields that are read here, and the
most common mistakes.
"""

from __future__ import annotations

from typing import Any

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.resources import (
    BUDGETS,
    DAEMON_SETS,
    DEPLOYMENTS,
    PODS,
    REPLICA_SETS,
    SERVICES,
    STATEFUL_SETS,
    ApiResource,
)
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

Cause = tuple[str, str, str]
"""Reason, message and field."""

_WORKLOADS = (DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, DAEMON_SETS)
_OBJECTS = ("metadata", "spec", "status", "data")
_REQUIRED = "Required value"


def check(resource: ApiResource, obj: Obj) -> None:
    """Refuse an object of the wrong shape with 400, and an invalid one with 422."""
    for field in _OBJECTS:
        if not isinstance(obj.get(field, {}), dict):
            raise refusals.bad_request(
                f'{resource.kind} in version "{resource.version}" cannot be handled as a '
                f"{resource.kind}: json: cannot unmarshal {field} into an object"
            )
    _check_conditions(resource, obj.get("status", {}).get("conditions"))
    causes: list[Cause] = []
    spec = obj.get("spec", {})
    if resource in _WORKLOADS:
        causes = _workload(spec)
    elif resource is PODS:
        causes = _containers(spec, "spec")
    elif resource is SERVICES:
        causes = _ports(spec)
    elif resource is BUDGETS:
        causes = _budget(spec)
    if causes:
        raise refusals.invalid(resource, str(obj["metadata"].get("name", "")), *causes)


def _check_conditions(resource: ApiResource, conditions: Any) -> None:
    """Refuse conditions without a type or status; the transition time is optional."""
    listed = isinstance(conditions, list)
    if conditions is None or (listed and all(map(_is_condition, conditions))):
        return
    raise refusals.bad_request(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a '
        f"{resource.kind}: json: cannot unmarshal status.conditions: each is an object with a "
        "type and a status"
    )


def _is_condition(found: Any) -> bool:
    return all(isinstance(_object(found).get(field), str) for field in ("type", "status"))


def _workload(spec: Obj) -> list[Cause]:
    causes: list[Cause] = []
    replicas = spec.get("replicas", 1)
    if not isinstance(replicas, int) or replicas < 0:
        text = f"Invalid value: {replicas}: must be greater than or equal to 0"
        causes.append(("FieldValueInvalid", text, "spec.replicas"))
    template = _object(spec.get("template"))
    labels = _object(_object(template.get("metadata")).get("labels"))
    wanted = _object(_object(spec.get("selector")).get("matchLabels"))
    if not wanted:
        causes.append(("FieldValueRequired", _REQUIRED, "spec.selector"))
    elif any(labels.get(name) != value for name, value in wanted.items()):
        shown = ",".join(f'"{name}":"{value}"' for name, value in labels.items())
        text = f"Invalid value: {{{shown}}}: `selector` does not match template `labels`"
        causes.append(("FieldValueInvalid", text, "spec.template.metadata.labels"))
    return causes + _containers(_object(template.get("spec")), "spec.template.spec")


def _containers(spec: Obj, path: str) -> list[Cause]:
    listed = spec.get("containers")
    if not isinstance(listed, list) or not listed:
        return [("FieldValueRequired", _REQUIRED, f"{path}.containers")]
    return [
        ("FieldValueRequired", _REQUIRED, f"{path}.containers[{number}].{field}")
        for number, container in enumerate(listed)
        for field in ("name", "image")
        if not isinstance(_object(container).get(field), str)
    ]


def _ports(spec: Obj) -> list[Cause]:
    return [
        ("FieldValueInvalid", "Invalid value: must be between 1 and 65535, inclusive", field)
        for number, port in enumerate(spec.get("ports") or [])
        for field in (f"spec.ports[{number}].port",)
        if not isinstance(_object(port).get("port"), int)
    ]


def _budget(spec: Obj) -> list[Cause]:
    if "minAvailable" in spec and "maxUnavailable" in spec:
        text = "Invalid value: minAvailable and maxUnavailable cannot be both set"
        return [("FieldValueInvalid", text, "spec")]
    for field in ("minAvailable", "maxUnavailable"):
        value = str(spec.get(field, 0))
        if not value.removesuffix("%").isdigit():
            text = f"Invalid value: {value!r}: must be a number or a percentage"
            return [("FieldValueInvalid", text, f"spec.{field}")]
    return []


def _object(value: Any) -> Obj:
    """A JSON object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}
