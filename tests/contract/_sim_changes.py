"""A run, recorded or simulated, as what changed and when: the same few words for both.

A record is (seconds since the cut, resource, watch event). A run becomes, per node, per pod and per
slice, a sequence of (seconds, word); times and words are then compared apart.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

TRACES = Path(__file__).parents[1] / "traces"
ARTEFACTS = {"ImageGCFailed"}
"""Events of the recordings' container runtime, not of Kubernetes."""

Record = tuple[float, str, dict[str, Any]]
Word = tuple[float, str]


def recorded(name: str) -> list[Record]:
    """All records of a trace, in the order in which they were received."""
    with gzip.open(TRACES / f"{name}.jsonl.gz") as lines:
        rows = [orjson.loads(line) for line in lines]
    return [(row["t"], row["resource"], row["event"]) for row in rows if "type" in row["event"]]


@dataclass
class Life:
    """One pod, by uid: what it was and what happened to it from the cut on."""

    workload: str
    name: str
    node: str = ""
    there_before: bool = False
    words: list[Word] = field(default_factory=list)

    def at(self, word: str) -> float | None:
        return next((t for t, said in self.words if said.startswith(word)), None)


@dataclass
class Run:
    """What happened, in words."""

    nodes: dict[str, list[Word]] = field(default_factory=lambda: defaultdict(list))
    pods: dict[str, Life] = field(default_factory=dict)
    slices: dict[str, list[Word]] = field(default_factory=lambda: defaultdict(list))
    workloads: dict[str, list[Word]] = field(default_factory=lambda: defaultdict(list))
    events: set[tuple[str, str, str]] = field(default_factory=set)
    renewals: dict[str, list[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def displaced(self, nodes: Iterable[str]) -> list[Life]:
        """The pods that were on these nodes when it began."""
        lost = set(nodes)
        return [life for life in self.pods.values() if life.there_before and life.node in lost]

    def successors(self) -> list[Life]:
        return [life for life in self.pods.values() if not life.there_before]


def reduce(records: Iterable[Record], until: float = 1e9) -> Run:
    """A run in words. What came before second 0 only says how things were."""
    run = Run()
    before: dict[tuple[str, str], dict[str, Any]] = {}
    for t, resource, event in records:
        if t > until or event["type"] in {"BOOKMARK", "ERROR"}:
            continue
        obj = event["object"]
        key = (resource, obj["metadata"].get("uid", ""))
        read = _READERS.get(resource)
        if read is not None:
            read(run, t, event["type"], obj, before.get(key))
        before[key] = obj
    return run


def condition(obj: dict[str, Any], kind: str) -> dict[str, Any]:
    return next((c for c in obj.get("status", {}).get("conditions", []) if c["type"] == kind), {})


def _say(words: list[Word], t: float, word: str) -> None:
    if t > 0:
        words.append((t, word))


def _node(run: Run, t: float, _: str, obj: dict[str, Any], old: dict[str, Any] | None) -> None:
    words = run.nodes[obj["metadata"]["name"]]
    if old is None:
        return
    now, was = condition(obj, "Ready"), condition(old, "Ready")
    if now["status"] != was["status"]:
        _say(words, t, f"{now['status']}({now['reason']})")
    taints, had = _taints(obj), _taints(old)
    for taint in sorted(taints - had):
        _say(words, t, f"+{taint}")
    for taint in sorted(had - taints):
        _say(words, t, f"-{taint}")


def _taints(node: dict[str, Any]) -> set[str]:
    return {f"{t['key'].split('/')[-1]}:{t['effect']}" for t in node["spec"].get("taints", [])}


def _pod(run: Run, t: float, what: str, obj: dict[str, Any], old: dict[str, Any] | None) -> None:
    meta, status = obj["metadata"], obj["status"]
    if meta.get("namespace") != "demo":
        return
    life = run.pods.get(meta["uid"])
    if life is None:
        life = run.pods[meta["uid"]] = Life(meta["labels"]["app"], meta["name"])
        life.there_before = t <= 0
        _say(life.words, t, "created")
        old = {"metadata": {}, "spec": {}, "status": {"phase": "Pending"}} if t > 0 else None
    life.node = obj["spec"].get("nodeName", "")
    if old is None:
        return
    if life.node and not old["spec"].get("nodeName"):
        _say(life.words, t, "bound")
    if condition(obj, "DisruptionTarget") and not condition(old, "DisruptionTarget"):
        _say(life.words, t, f"disrupted({condition(obj, 'DisruptionTarget')['reason']})")
    if "deletionTimestamp" in meta and "deletionTimestamp" not in old["metadata"]:
        _say(life.words, t, f"marked({meta['deletionGracePeriodSeconds']})")
    if _restarts(obj) > _restarts(old) and "containerStatuses" in old["status"]:
        _say(life.words, t, "restarted")
    _phase(life, t, obj, old, status)
    if what == "DELETED":
        _say(life.words, t, "gone")


def _phase(
    life: Life, t: float, obj: dict[str, Any], old: dict[str, Any], status: dict[str, Any]
) -> None:
    ready, was = condition(obj, "Ready"), condition(old, "Ready")
    if status["phase"] != old["status"].get("phase"):
        why = f"({ready.get('reason')})" if status["phase"] in {"Failed", "Succeeded"} else ""
        _say(life.words, t, f"{status['phase'].lower()}{why}")
        if status["phase"] in {"Failed", "Succeeded"}:
            return
    if ready.get("status") == was.get("status"):
        return
    if ready.get("status") == "True":
        _say(life.words, t, "ready")
    elif was:
        _say(life.words, t, f"unready({ready.get('reason', '')})")
    else:
        _say(life.words, t, f"accepted({ready.get('reason', '')})")


def _restarts(pod: dict[str, Any]) -> int:
    return sum(c["restartCount"] for c in pod["status"].get("containerStatuses", []))


def _slice(run: Run, t: float, _: str, obj: dict[str, Any], old: dict[str, Any] | None) -> None:
    if obj["metadata"].get("namespace") != "demo":
        return
    words = run.slices[obj["metadata"]["labels"]["kubernetes.io/service-name"]]
    word = "ready {ready} serving {serving} terminating {terminating} of {total}".format(
        **_count(obj)
    )
    if old is not None and _count(old) != _count(obj):
        _say(words, t, word)


def _count(piece: dict[str, Any]) -> dict[str, int]:
    conditions = [endpoint["conditions"] for endpoint in piece.get("endpoints") or []]
    counts = {name: sum(bool(c.get(name)) for c in conditions) for name in _SLICE}
    return counts | {"total": len(conditions)}


_SLICE = ("ready", "serving", "terminating")
_FIELDS = {
    "statefulsets": ("replicas", "readyReplicas", "currentReplicas"),
    "daemonsets": ("desiredNumberScheduled", "numberMisscheduled", "numberReady"),
}


def _workload(resource: str) -> Any:
    def read(run: Run, t: float, _: str, obj: dict[str, Any], old: dict[str, Any] | None) -> None:
        if obj["metadata"].get("namespace") != "demo" or old is None:
            return
        fields = _FIELDS[resource]
        now, was = ([o["status"].get(f, 0) for f in fields] for o in (obj, old))
        if now != was:
            _say(run.workloads[obj["metadata"]["name"]], t, " ".join(map(str, now)))

    return read


def _event(run: Run, t: float, _: str, obj: dict[str, Any], __: dict[str, Any] | None) -> None:
    if t > 0 and obj["reason"] not in ARTEFACTS:
        source = obj.get("source", {}).get("component") or obj["reportingComponent"]
        run.events.add((obj["reason"], obj["involvedObject"]["kind"], source))


def _lease(run: Run, t: float, what: str, obj: dict[str, Any], _: dict[str, Any] | None) -> None:
    moment = datetime.fromisoformat(obj["spec"]["renewTime"]).timestamp()
    if what != "DELETED":
        run.renewals[obj["metadata"]["name"]].append((t, moment))


_READERS = {
    "nodes": _node,
    "pods": _pod,
    "endpointslices": _slice,
    "statefulsets": _workload("statefulsets"),
    "daemonsets": _workload("daemonsets"),
    "events": _event,
    "leases": _lease,
}
