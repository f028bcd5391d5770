"""Strategic merge patches: merge patches that merge lists, by the keys in the types.

Directives in the patch say more: `$patch` replaces or deletes, `$retainKeys` keeps no other field,
`$setElementOrder/…` sorts, `$deleteFromPrimitiveList/…` removes values.
"""

from __future__ import annotations

from typing import Any

from chaosmonkey.simcluster.schema.types import Field, Type

_ORDER = "$setElementOrder/"
_REMOVED = "$deleteFromPrimitiveList/"


class UnkeyedItem(Exception):
    """An item of a patch lacks the key by which its list is merged."""


def strategic_patch(target: Any, change: Any, kind: Type | None) -> Any:
    """Return the patched target; what has no type is merged like a merge patch."""
    if not isinstance(change, dict):
        return change
    directive = change.get("$patch")
    if directive == "replace":
        return {field: value for field, value in change.items() if field != "$patch"}
    if directive == "delete":
        return {}
    result = target if isinstance(target, dict) else {}
    if isinstance(kept := change.get("$retainKeys"), list):
        result = {field: value for field, value in result.items() if field in kept}
    for field, value in change.items():
        if field.startswith(_REMOVED):
            name = field.removeprefix(_REMOVED)
            result[name] = [item for item in result.get(name, []) if item not in value]
        elif field.startswith("$"):
            continue
        elif value is None:
            result.pop(field, None)
        else:
            result[field] = _merge(result.get(field), value, _field(kind, field))
    for field, order in change.items():
        if field.startswith(_ORDER):
            name = field.removeprefix(_ORDER)
            if isinstance(result.get(name), list):
                result[name] = _sorted(result[name], order, _field(kind, name))
    return result


def _field(kind: Type | None, name: str) -> Field | None:
    return kind.fields.get(name) if kind is not None and kind.kind == "object" else None


def _merge(old: Any, change: Any, field: Field | None) -> Any:
    inner = field.type if field is not None else None
    if isinstance(change, list):
        return _merge_list(old or [], change, field)
    if inner is not None and inner.kind == "map":
        inner = inner.item
        if isinstance(change, dict) and inner.kind == "object":
            return {**(old or {}), **{k: strategic_patch({}, v, inner) for k, v in change.items()}}
    return strategic_patch(old, change, inner)


def _merge_list(old: list[Any], change: list[Any], field: Field | None) -> list[Any]:
    replaces = {"$patch": "replace"} in change
    fresh = [item for item in change if item != {"$patch": "replace"}]
    if replaces or field is None or not field.merged:
        return fresh
    if field.type.item.kind != "object":
        return [*old, *(item for item in fresh if item not in old)]
    key, result = field.merge_key, list(old)
    for item in fresh:
        if not isinstance(item, dict) or key not in item:
            raise UnkeyedItem(f"map: {item} does not contain declared merge key: {key}")
        at = next((i for i, has in enumerate(result) if has.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            result = [has for has in result if has.get(key) != item[key]]
        elif at is None:
            result.append(strategic_patch({}, item, field.type.item))
        else:
            result[at] = strategic_patch(result[at], item, field.type.item)
    return result


def _sorted(items: list[Any], order: Any, field: Field | None) -> list[Any]:
    """Sort a list as the patch says; items that it omits stay behind the one they followed."""
    key = field.merge_key if field is not None else ""

    def identity(item: Any) -> Any:
        return item.get(key) if isinstance(item, dict) else item

    places = {identity(item): number for number, item in enumerate(order)}
    last, ranked = -1.0, []
    for number, item in enumerate(items):
        last = float(places.get(identity(item), last))
        ranked.append((last, identity(item) not in places, number, item))
    ranked.sort(key=lambda row: row[:3])
    return [row[3] for row in ranked]
