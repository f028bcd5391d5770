"""The arithmetic of a rollout: how many pods each ReplicaSet of a Deployment may have.

All functions are pure: they read a Deployment and its ReplicaSets, and change nothing.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import orjson

from chaosmonkey.simcluster.apiserver.storage import clone
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

NOTE = "deployment.kubernetes.io/"
"""Prefix of the annotations that the Deployment controller keeps on ReplicaSets."""

HASH_LABEL = "pod-template-hash"
_HASH_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_OWN_NOTES = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        f"{NOTE}revision",
        f"{NOTE}revision-history",
        f"{NOTE}desired-replicas",
        f"{NOTE}max-replicas",
        "deprecated.deployment.rollback.to",
    }
)
_MOST_HISTORY = 2000
"""Characters of the annotation that lists a ReplicaSet's earlier revisions."""


def template_hash(template: Obj, collisions: int | None = None) -> str:
    """The hash of a pod template; templates that mean the same have the same hash.

    `collisions` is the owner's collisionCount: each gives another hash.
    """
    encoded = orjson.dumps(plain_template(template), option=orjson.OPT_SORT_KEYS)
    if collisions is not None:
        encoded += str(collisions).encode()
    digest = hashlib.blake2s(encoded, digest_size=10).digest()
    return "".join(_HASH_LETTERS[byte % len(_HASH_LETTERS)] for byte in digest)


def plain_template(template: Obj) -> Obj:
    """A template without its hash label, nulls and empty metadata."""
    plain: Obj = _without_nulls(template)
    meta = plain.get("metadata", {})
    meta.get("labels", {}).pop(HASH_LABEL, None)
    plain["metadata"] = {field: value for field, value in meta.items() if value not in ({}, [])}
    return plain


def _without_nulls(value: Any) -> Any:
    match value:
        case dict():
            kept = {field: _without_nulls(inner) for field, inner in value.items()}
            return {field: inner for field, inner in kept.items() if inner is not None}
        case list():
            return [_without_nulls(inner) for inner in value]
        case _:
            return value


def is_rolling(owner: Obj) -> bool:
    """Whether the Deployment replaces its pods step by step."""
    return bool(owner["spec"]["strategy"]["type"] == "RollingUpdate")


def surge(owner: Obj) -> int:
    """How many pods a rollout may add to the wanted number."""
    return _fenceposts(owner)[0] if is_rolling(owner) else 0


def unavailable(owner: Obj) -> int:
    """How many of the wanted pods may be missing during a rollout."""
    replicas: int = owner["spec"]["replicas"]
    return min(replicas, _fenceposts(owner)[1]) if is_rolling(owner) else 0


def _fenceposts(owner: Obj) -> tuple[int, int]:
    """Surge and unavailable; if both are 0, one pod may be unavailable, or nothing would move."""
    limits = owner["spec"]["strategy"].get("rollingUpdate") or {}
    replicas = owner["spec"]["replicas"]
    up = share(limits.get("maxSurge", "25%"), replicas, up=True)
    down = share(limits.get("maxUnavailable", "25%"), replicas, up=False)
    return up, down or (0 if up else 1)


def share(value: int | str, of: int, *, up: bool) -> int:
    """A number, or a percentage of one, rounded up or down."""
    if isinstance(value, int):
        return value
    part = of * int(value.removesuffix("%")) / 100
    return math.ceil(part) if up else math.floor(part)


def wanted_by(sets: list[Obj]) -> int:
    """How many pods the sets want together."""
    return sum(s["spec"]["replicas"] for s in sets)


def available_of(sets: list[Obj]) -> int:
    """How many available pods the sets have together."""
    return sum(s["status"].get("availableReplicas", 0) for s in sets)


def new_replicas(owner: Obj, sets: list[Obj], has: int) -> int:
    """How many pods the newest set may want, if it wants `has` and all sets are `sets`."""
    replicas: int = owner["spec"]["replicas"]
    if not is_rolling(owner):
        return replicas
    room = replicas + surge(owner) - wanted_by(sets)
    return has if room <= 0 else has + min(room, replicas - has)


def shrunk(owner: Obj, new: Obj, old: list[Obj]) -> dict[str, int]:
    """The old sets that a rolling update scales down now, by name: unavailable pods go first."""
    least = owner["spec"]["replicas"] - unavailable(owner)
    waiting = new["spec"]["replicas"] - new["status"].get("availableReplicas", 0)
    spare = wanted_by([new, *old]) - least - waiting
    if spare <= 0:
        return {}
    sizes = {s["metadata"]["name"]: s["spec"]["replicas"] for s in old}
    aged = sorted(old, key=_created)
    for one in aged:
        broken = one["spec"]["replicas"] - one["status"].get("availableReplicas", 0)
        drop = max(0, min(spare, broken))
        sizes[one["metadata"]["name"]] -= drop
        spare -= drop
    # A set that was just scaled down may still report the pod that it is about to delete.
    extra = min(spare, available_of([new, *old]) - least)
    for one in aged:
        name = one["metadata"]["name"]
        drop = max(0, min(extra, sizes[name]))
        sizes[name] -= drop
        extra -= drop
    return {
        s["metadata"]["name"]: sizes[s["metadata"]["name"]]
        for s in old
        if sizes[s["metadata"]["name"]] != s["spec"]["replicas"]
    }


def proportional(owner: Obj, sets: list[Obj]) -> dict[str, int]:
    """The size of each active set after the Deployment was scaled during a rollout, by name."""
    replicas = owner["spec"]["replicas"]
    allowed = replicas + surge(owner) if replicas else 0
    missing = allowed - wanted_by(sets)
    newer_first = missing > 0
    ordered = sorted(sets, key=_created, reverse=newer_first)
    ordered.sort(key=lambda s: -s["spec"]["replicas"])
    sizes: dict[str, int] = {}
    added = 0
    for one in ordered:
        has = one["spec"]["replicas"]
        part = 0
        if missing and missing != added:
            part = _fraction(owner, one)
            left = missing - added
            part = min(part, left) if missing > 0 else max(part, left)
        sizes[one["metadata"]["name"]] = has + part
        added += part
    if ordered and missing:
        first = ordered[0]["metadata"]["name"]
        sizes[first] = max(0, sizes[first] + missing - added)
    return sizes


def _fraction(owner: Obj, one: Obj) -> int:
    """By how much a set grows if it keeps its share of the Deployment."""
    has, replicas = int(one["spec"]["replicas"]), int(owner["spec"]["replicas"])
    if not replicas:
        return -has
    notes = one["metadata"].get("annotations", {})
    most = int(notes.get(f"{NOTE}max-replicas", 0)) or owner["status"].get("replicas", 0)
    size = has * (replicas + surge(owner)) / max(1, most)
    return math.floor(size + 0.5) - has


def set_notes(owner: Obj, notes: dict[str, str], revision: int) -> dict[str, str]:
    """The annotations of the newest set: the Deployment's own, the revision, earlier revisions."""
    after = dict(notes)
    copied = owner["metadata"].get("annotations", {})
    after |= {name: text for name, text in copied.items() if name not in _OWN_NOTES}
    known = after.get(f"{NOTE}revision")
    if int(known or 0) >= revision:
        return after
    after[f"{NOTE}revision"] = str(revision)
    if known:
        earlier = [one for one in after.get(f"{NOTE}revision-history", "").split(",") if one]
        earlier.append(known)
        while len(",".join(earlier)) > _MOST_HISTORY:
            earlier.pop(0)
        after[f"{NOTE}revision-history"] = ",".join(earlier)
    return after


def size_notes(owner: Obj) -> dict[str, str]:
    """The annotations that say what the Deployment wanted when it last scaled a set."""
    replicas = owner["spec"]["replicas"]
    return {
        f"{NOTE}desired-replicas": str(replicas),
        f"{NOTE}max-replicas": str(replicas + surge(owner)),
    }


def revision_of(replica_set: Obj) -> int:
    """The revision of a set; 0 if it has none."""
    text = replica_set["metadata"].get("annotations", {}).get(f"{NOTE}revision", "0")
    return int(text) if text.isdigit() else 0


def newest(owner: Obj, sets: list[Obj]) -> Obj | None:
    """The set with the Deployment's template; the oldest, if there are several."""
    wanted = plain_template(owner["spec"]["template"])
    same = [s for s in sets if plain_template(s["spec"]["template"]) == wanted]
    return min(same, key=_created, default=None)


def expired(sets: list[Obj], limit: int) -> list[Obj]:
    """The old sets beyond the history limit that nothing uses, oldest revision first."""
    alive = [s for s in sets if "deletionTimestamp" not in s["metadata"]]
    surplus = sorted(alive, key=revision_of)[: max(0, len(alive) - limit)]
    return [
        s
        for s in surplus
        if not s["spec"]["replicas"]
        and not s["status"].get("replicas")
        and s["metadata"]["generation"] <= s["status"].get("observedGeneration", 0)
    ]


def for_set(owner: Obj, digest: str) -> tuple[Obj, Obj]:
    """The template and the selector of a new set: the Deployment's, with the hash."""
    template, selector = clone(owner["spec"]["template"]), clone(owner["spec"]["selector"])
    template.setdefault("metadata", {}).setdefault("labels", {})[HASH_LABEL] = digest
    selector.setdefault("matchLabels", {})[HASH_LABEL] = digest
    return template, selector


def _created(obj: Obj) -> tuple[str, str]:
    return obj["metadata"]["creationTimestamp"], obj["metadata"]["name"]
