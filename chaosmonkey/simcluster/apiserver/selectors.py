"""Label and field selectors, compiled from a query into predicates."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.resources import ApiResource
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

Selector = Callable[[Obj], bool]

_SET = re.compile(r"^\s*(\S+)\s+(in|notin)\s*\(([^()]*)\)\s*$")
_EQUALS = re.compile(r"^\s*([^\s=!,()]+)\s*(==|=|!=)\s*([^\s=!,()]*)\s*$")
_EXISTS = re.compile(r"^\s*(!?)\s*([^\s=!,()]+)\s*$")
_COMMA = re.compile(r",(?![^()]*\))")


@lru_cache(maxsize=256)
def labels(text: str) -> Selector:
    """Compile a label selector. Refuses with 400 one that cannot be parsed."""
    requirements = [_requirement(part) for part in _COMMA.split(text) if part.strip()]
    return lambda obj: all(matches(obj["metadata"].get("labels") or {}) for matches in requirements)


def _requirement(part: str) -> Callable[[dict[str, str]], bool]:
    if found := _SET.match(part):
        name, word, listed = found.groups()
        values = {value.strip() for value in listed.split(",")}
        if word == "in":
            return lambda has: has.get(name) in values
        return lambda has: has.get(name) not in values
    if found := _EQUALS.match(part):
        name, sign, value = found.groups()
        if sign == "!=":
            return lambda has: has.get(name) != value
        return lambda has: has.get(name) == value
    if found := _EXISTS.match(part):
        negated, name = found.groups()
        return lambda has: (name in has) != bool(negated)
    surplus = "=" if "=" in part else part.strip()
    raise refusals.bad_request(
        f"unable to parse requirement: found '{surplus}', expected: identifier"
    )


@lru_cache(maxsize=256)
def fields(text: str) -> Selector:
    """Compile a field selector: paths with `=` and `!=`. Refuses with 400 like `labels`."""
    requirements: list[tuple[list[str], bool, str]] = []
    for part in text.split(","):
        if not part.strip():
            continue
        found = re.match(r"^\s*([\w.\-/]+)\s*(==|=|!=)\s*(.*?)\s*$", part)
        if not found:
            raise refusals.bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        path, sign, value = found.groups()
        requirements.append((path.split("."), sign != "!=", value))
    return lambda obj: all(
        (_at(obj, path) == value) == equal for path, equal, value in requirements
    )


def _check_fields(resource: ApiResource, text: str) -> None:
    known = ("metadata.name", "metadata.namespace", *resource.selectable)
    for part in text.split(","):
        name = re.split("!=|==|=", part.strip(), maxsplit=1)[0].strip()
        if not name or name in known:
            continue
        if resource.selectable:
            raise refusals.bad_request(f"field label not supported: {name}")
        listed = ", ".join(f'"{field}"' for field in known)
        raise refusals.bad_request(f'"{name}" is not a known field selector: only {listed}')


def _at(obj: Obj, path: list[str]) -> str:
    if path == ["source"]:
        return str(obj.get("source", {}).get("component") or obj.get("reportingComponent", ""))
    if path == ["name"]:
        path = ["metadata", "name"]
    value: object = obj
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        # A missing field reads as empty, but one that is true or false as false.
        return "false" if path[-1] in {"unschedulable", "hostNetwork"} else ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def selector(resource: ApiResource, label_selector: str, field_selector: str) -> Selector | None:
    """Compile both selectors into one; None if both are empty.

    Refuses with 400 a field by which the resource cannot be selected.
    """
    requirements = []
    if label_selector:
        requirements.append(labels(label_selector))
    if field_selector:
        requirements.append(fields(field_selector))
        _check_fields(resource, field_selector)
    if not requirements:
        return None
    return lambda obj: all(matches(obj) for matches in requirements)


def selector_text(selector: Obj) -> str:
    """A label selector as text, as in a query."""
    parts = [f"{key}={value}" for key, value in sorted(selector.get("matchLabels", {}).items())]
    for one in selector.get("matchExpressions", ()):
        key, values = one.get("key", ""), ",".join(sorted(one.get("values", ())))
        match one.get("operator"):
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case _:
                parts.append(f"!{key}")
    return ",".join(parts)


def selects(selector: Obj | None, labels: dict[str, str]) -> bool:
    """Whether a label selector selects labels; an empty one selects all, none selects nothing."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels", {}).items()
    return all(labels.get(key) == value for key, value in wanted) and all(
        _holds(one, labels) for one in selector.get("matchExpressions", ())
    )


def _holds(one: Obj, labels: dict[str, str]) -> bool:
    key, values = one.get("key", ""), one.get("values", ())
    match one.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False
