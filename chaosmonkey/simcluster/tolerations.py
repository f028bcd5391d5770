"""Taints and tolerations."""

from __future__ import annotations

from collections.abc import Iterable

from chaosmonkey.simcluster.apiserver.watch_cache import Obj


def tolerates(toleration: Obj, taint: Obj) -> bool:
    """Whether a toleration covers a taint; empty fields cover everything."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return True
    return bool(toleration.get("value", "") == taint.get("value", ""))


def tolerates_all(
    tolerations: Iterable[Obj], taints: Iterable[Obj], effects: tuple[str, ...]
) -> bool:
    """Whether some toleration covers each taint of these effects."""
    known = list(tolerations)
    return all(
        any(tolerates(toleration, taint) for toleration in known)
        for taint in taints
        if taint["effect"] in effects
    )
