"""Patches of an object: JSON patch, merge patch and strategic merge patch."""

from __future__ import annotations

from typing import Any

import orjson

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.storage import clone
from chaosmonkey.simcluster.apiserver.strategic import UnkeyedItem, strategic_patch
from chaosmonkey.simcluster.apiserver.validation.errors import printed
from chaosmonkey.simcluster.schema.decoding import plain
from chaosmonkey.simcluster.schema.json_text import BadJson, read
from chaosmonkey.simcluster.schema.types import Type

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
_KNOWN = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH)


def patch(media_type: str, target: Any, body: bytes, kind: Type) -> tuple[Any, Any]:
    """Return the change and a patched copy.

    Refuses an unknown media type with 415, a malformed patch with 400, and one that does not fit
    the object with 422.
    """
    if media_type not in _KNOWN:
        raise refusals.unsupported_media(*_KNOWN)
    try:
        change = plain(read(body))
    except BadJson as broken:
        raise refusals.bad_request(f"error decoding patch: {broken}") from None
    wanted = list if media_type == JSON_PATCH else dict
    if not isinstance(change, wanted):
        name = "jsonpatch.Patch" if wanted is list else "map[string]interface {}"
        found = "array" if isinstance(change, list) else "object"
        raise refusals.bad_request(
            f"error decoding patch: json: cannot unmarshal {found} into Go value of type {name}"
        )
    work = clone(target)
    try:
        match media_type:
            case "application/json-patch+json":
                return change, json_patch(work, change)
            case "application/merge-patch+json":
                return change, merge_patch(work, change)
            case _:
                return change, strategic_patch(work, change, kind)
    except UnkeyedItem as broken:
        raise refusals.Refusal(500, "", str(broken)) from None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise refusals.unfit_patch() from None


def shown(media_type: str, change: Any, patched: Any) -> str:
    """What an error shows of a patch: the change as Go prints a map, or the patched object."""
    if media_type == STRATEGIC_PATCH:
        return printed(_go(change))
    return printed(orjson.dumps(patched, option=orjson.OPT_SORT_KEYS).decode())


def _go(value: Any) -> str:
    """JSON as Go prints it with `%+v`."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case dict():
            return f"map[{' '.join(f'{key}:{_go(value[key])}' for key in sorted(value))}]"
        case list():
            return f"[{' '.join(_go(item) for item in value)}]"
        case _:
            return str(value)


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
