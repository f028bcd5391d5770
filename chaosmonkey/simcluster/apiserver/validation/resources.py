"""Validation of what containers request, and of their limits."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.validation import names
from chaosmonkey.simcluster.apiserver.validation.errors import NEGATIVE, FieldErrors
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.quantities import nanos

_STANDARD = {"cpu", "memory", "ephemeral-storage"}
_HUGE = "hugepages-"


def check_resources(errors: FieldErrors, resources: Obj, path: str) -> None:
    """Check a container's requests and limits."""
    limits, requests = resources.get("limits", {}), resources.get("requests", {})
    for name, amount in sorted(limits.items()):
        _check_amount(errors, name, amount, f"{path}.limits[{name}]")
    for name, amount in sorted(requests.items()):
        _check_amount(errors, name, amount, f"{path}.requests[{name}]")
        if name in limits and nanos(amount) > nanos(limits[name]):
            text = f"must be less than or equal to {name} limit of {limits[name]}"
            errors.invalid(f"{path}.requests", amount, text)
        elif name in limits and not _may_differ(name) and nanos(amount) != nanos(limits[name]):
            text = f"must be equal to {name} limit of {limits[name]}"
            errors.invalid(f"{path}.requests", amount, text)
        elif name not in limits and not _may_differ(name):
            text = "Limit must be set for non overcommitable resources"
            errors.required(f"{path}.limits", text)


def _may_differ(name: str) -> bool:
    """Whether a node may promise more of a resource than it has."""
    return "/" not in name.replace("kubernetes.io/", "") and not name.startswith(_HUGE)


def _check_amount(errors: FieldErrors, name: str, amount: str, path: str) -> None:
    wrong = names.qualified(name)
    errors.invalid(path, name, *wrong)
    if not wrong and "/" not in name and name not in _STANDARD and not name.startswith(_HUGE):
        errors.invalid(path, name, "must be a standard resource for containers")
    value = nanos(amount)
    if value < 0:
        errors.invalid(path, amount, NEGATIVE)
    if not _may_differ(name) and value % 10**9:
        errors.invalid(path, amount, "must be an integer")
