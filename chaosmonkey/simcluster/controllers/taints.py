"""Taints of a node: looking for one, and setting some while all others stay."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.admission import NOT_READY, UNREACHABLE, UNSCHEDULABLE
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.node.nodestatus import condition


def has_taint(node: Obj, key: str, effect: str = "NoExecute") -> bool:
    """Whether a node has a taint."""
    taints = node["spec"].get("taints", ())
    return any(taint["key"] == key and taint["effect"] == effect for taint in taints)


def retainted(old: list[Obj], effect: str, wanted: dict[str, bool], now: str) -> list[Obj]:
    """The taints with those in `wanted` set or removed for one effect."""
    kept = [t for t in old if t["effect"] != effect or wanted.get(t["key"], True)]
    there = {t["key"] for t in kept if t["effect"] == effect}
    new = [
        {"key": key, "effect": effect, "timeAdded": now}
        for key, want in wanted.items()
        if want and key not in there
    ]
    return kept + new


def no_schedule(node: Obj) -> dict[str, bool]:
    """Which NoSchedule taints follow from a node's conditions and its spec."""
    ready = condition(node, "Ready").get("status")
    return {
        NOT_READY: ready not in {"True", "Unknown"},
        UNREACHABLE: ready == "Unknown",
        UNSCHEDULABLE: bool(node["spec"].get("unschedulable")),
    }
