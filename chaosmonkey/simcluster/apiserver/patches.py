"""Patches of an object: JSON patch, merge patch and strategic merge patch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.storage import clone

_MERGE_KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "port"),
    "conditions": ("type",),
    "addresses": ("type",),
    "taints": (),
    "tolerations": (),
    "ownerReferences": ("uid",),
    "finalizers": (),
    "imagePullSecrets": ("name",),
}
"""Lists that a strategic patch merges, with their keys. An empty tuple replaces the list."""


def patch(media_type: str, target: Any, change: Any) -> Any:
    """Return a patched copy. Refuses an unknown media type with 415, a bad patch with 400."""
    work = clone(target)
    kinds: dict[str, Callable[[Any, Any], Any]] = {
        "application/json-patch+json": json_patch,
        "application/merge-patch+json": merge_patch,
        "application/strategic-merge-patch+json": strategic_patch,
    }
    if media_type not in kinds:
        raise refusals.unsupported_media(media_type)
    try:
        return kinds[media_type](work, change)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as broken:
        raise refusals.bad_request(f"the patch cannot be applied: {broken}") from None


def merge_patch(target: Any, change: Any) -> Any:
    """RFC 7386: null removes, objects merge, everything else replaces."""
    if not isinstance(change, dict):
        return change
    result = target if isinstance(target, dict) else {}
    for field, value in change.items():
        if value is None:
            result.pop(field, None)
        else:
            result[field] = merge_patch(result.get(field), value)
    return result


def strategic_patch(target: Any, change: Any) -> Any:
    """Like a merge patch, but lists of keyed items are merged by key."""
    if not isinstance(change, dict):
        return change
    if change.get("$patch") == "replace":
        return {field: value for field, value in change.items() if field != "$patch"}
    result = target if isinstance(target, dict) else {}
    for field, value in change.items():
        if field.startswith(("$setElementOrder/", "$retainKeys")):
            continue
        if field.startswith("$deleteFromPrimitiveList/"):
            name = field.partition("/")[2]
            result[name] = [item for item in result.get(name, []) if item not in value]
        elif value is None:
            result.pop(field, None)
        elif isinstance(value, list):
            result[field] = _merge_list(field, result.get(field) or [], value)
        else:
            result[field] = strategic_patch(result.get(field), value)
    return result


def _merge_list(field: str, old: list[Any], change: list[Any]) -> list[Any]:
    keys = _MERGE_KEYS.get(field, ())
    key = next((key for key in keys if all(isinstance(c, dict) and key in c for c in change)), "")
    if not key:
        directive = {"$patch": "replace"}
        return [item for item in change if item != directive]
    result = list(old)
    for item in change:
        at = next((i for i, has in enumerate(result) if has.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            if at is not None:
                del result[at]
        elif at is None:
            result.append(strategic_patch({}, item))
        else:
            result[at] = strategic_patch(result[at], item)
    return result


def json_patch(target: Any, change: Any) -> Any:
    """RFC 6902; a missing path or a failed test raises an error."""
    root = {"": target}
    for step in change:
        parent, last = _find(root, step["path"])
        match step["op"]:
            case "add":
                _add(parent, last, step["value"])
            case "replace":
                _remove(parent, last)
                _add(parent, last, step["value"])
            case "remove":
                _remove(parent, last)
            case "test":
                if _read(parent, last) != step["value"]:
                    raise ValueError(f"testing value {step['path']} failed")
            case "copy" | "move":
                source, name = _find(root, step["from"])
                value = clone(_read(source, name))
                if step["op"] == "move":
                    _remove(source, name)
                _add(parent, last, value)
            case unknown:
                raise ValueError(f"unexpected kind: {unknown}")
    return root[""]


def _find(root: Any, path: str) -> tuple[Any, str]:
    """The container that a JSON pointer points into, and the last step."""
    if path and not path.startswith("/"):
        raise ValueError(f"not a JSON pointer: {path}")
    steps = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")]
    parent = root
    for step in steps[:-1]:
        parent = _read(parent, step)
    return parent, steps[-1]


def _read(parent: Any, step: str) -> Any:
    return parent[int(step)] if isinstance(parent, list) else parent[step]


def _remove(parent: Any, step: str) -> None:
    if isinstance(parent, list):
        del parent[int(step)]
    else:
        del parent[step]


def _add(parent: Any, step: str, value: Any) -> None:
    if isinstance(parent, list):
        parent.insert(len(parent) if step == "-" else int(step), value)
    else:
        parent[step] = value
