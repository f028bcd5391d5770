"""Turn an object's JSON and its events into a description. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from chaosmonkey.model import Condition, Container, Description, Fact, Happening

Json = dict[str, Any]

Kind = Literal["node", "pod", "deployment", "replicaset", "statefulset", "daemonset"]

CORE, APPS = "/api/v1", "/apis/apps/v1"
KINDS: dict[str, tuple[str, str, str]] = {
    "node": (CORE, "nodes", "Node"),
    "pod": (CORE, "pods", "Pod"),
    "deployment": (APPS, "deployments", "Deployment"),
    "replicaset": (APPS, "replicasets", "ReplicaSet"),
    "statefulset": (APPS, "statefulsets", "StatefulSet"),
    "daemonset": (APPS, "daemonsets", "DaemonSet"),
}
"""Kind → API, plural and the name that events use."""


def path(kind: Kind, namespace: str, name: str) -> str:
    """The object's path at the API server."""
    api, plural, _ = KINDS[kind]
    within = "" if kind == "node" else f"/namespaces/{namespace}"
    return f"{api}{within}/{plural}/{name}"


def events_query(kind: Kind, namespace: str, name: str) -> tuple[str, dict[str, str]]:
    """Path and query of the events about the object."""
    selector = f"involvedObject.kind={KINDS[kind][2]},involvedObject.name={name}"
    within = "" if kind == "node" else f"/namespaces/{namespace}"
    return f"{CORE}{within}/events", {"fieldSelector": selector}


def description(kind: Kind, found: Json, events: Iterable[Json]) -> Description:
    """Describe the object and its events."""
    meta = _dict(found, "metadata")
    status = _dict(found, "status")
    facts = tuple(_facts(kind, found))
    labels = tuple(f"{key}={value}" for key, value in sorted(_dict(meta, "labels").items()))
    conditions = tuple(
        Condition(
            type=str(one.get("type", "")),
            status=str(one.get("status", "")),
            reason=str(one.get("reason") or ""),
            message=str(one.get("message") or ""),
            since=str(one.get("lastTransitionTime") or ""),
        )
        for one in _list(status, "conditions")
    )
    containers = tuple(_containers(found))
    happened = tuple(sorted(map(_happening, events), key=lambda one: one.last))
    plain = Description(
        kind=KINDS[kind][2],
        namespace=str(meta.get("namespace") or ""),
        name=str(meta.get("name") or ""),
        facts=facts,
        labels=labels,
        conditions=conditions,
        containers=containers,
        events=happened,
        text="",
    )
    return Description(
        plain.kind, plain.namespace, plain.name, facts, labels, conditions, containers, happened,
        text="\n".join(_lines(plain)),
    )  # fmt: skip


def _facts(kind: Kind, found: Json) -> Iterator[Fact]:
    meta, spec, status = (_dict(found, part) for part in ("metadata", "spec", "status"))
    yield Fact("Created", str(meta.get("creationTimestamp") or ""))
    if meta.get("deletionTimestamp"):
        yield Fact("Terminating", f"until {meta['deletionTimestamp']}")
    for owner in _list(meta, "ownerReferences"):
        yield Fact("Controlled by", f"{owner.get('kind')}/{owner.get('name')}")
    match kind:
        case "node":
            yield from _node_facts(spec, status)
        case "pod":
            yield Fact("Node", str(spec.get("nodeName") or "none yet"))
            yield Fact("Phase", str(status.get("phase") or ""))
            yield Fact("Address", str(status.get("podIP") or ""))
            for one in _list(spec, "tolerations"):
                seconds = one.get("tolerationSeconds")
                yield Fact(
                    "Tolerates",
                    f"{one.get('key') or 'everything'} {one.get('effect') or ''}"
                    + (f" for {seconds} s" if seconds is not None else " without a limit"),
                )
        case _:
            yield Fact("Wanted", str(spec.get("replicas", status.get("desiredNumberScheduled"))))
            yield Fact("Ready", str(status.get("readyReplicas", status.get("numberReady", 0))))


def _node_facts(spec: Json, status: Json) -> Iterator[Fact]:
    info = _dict(status, "nodeInfo")
    yield Fact("Kubelet", str(info.get("kubeletVersion") or ""))
    yield Fact("System", str(info.get("osImage") or ""))
    for address in _list(status, "addresses"):
        yield Fact(str(address.get("type")), str(address.get("address")))
    for name, amount in _dict(status, "allocatable").items():
        if name in ("cpu", "memory", "pods"):
            yield Fact(f"Allocatable {name}", str(amount))
    if spec.get("unschedulable"):
        yield Fact("Cordoned", "takes no new pods")
    for taint in _list(spec, "taints"):
        yield Fact("Taint", f"{taint.get('key')}:{taint.get('effect')}")


def _containers(found: Json) -> Iterator[Container]:
    images = {
        one.get("name"): one.get("image") for one in _list(_dict(found, "spec"), "containers")
    }
    statuses = _list(_dict(found, "status"), "containerStatuses")
    started = {one.get("name") for one in statuses}
    for one in statuses:
        name = str(one.get("name"))
        yield Container(
            name=name,
            image=str(one.get("image") or images.get(name) or ""),
            state=_state(_dict(one, "state")),
            ready=bool(one.get("ready")),
            restarts=int(one.get("restartCount") or 0),
        )
    for planned, image in images.items():
        if planned not in started:
            yield Container(str(planned), str(image or ""), "not started", ready=False, restarts=0)


def _state(state: Json) -> str:
    match state:
        case {"running": dict(running)}:
            return f"running since {running.get('startedAt', '?')}"
        case {"waiting": dict(waiting)}:
            return f"waiting: {waiting.get('reason', '?')} {waiting.get('message', '')}".strip()
        case {"terminated": dict(ended)}:
            return f"ended: {ended.get('reason', '?')}, exit code {ended.get('exitCode', '?')}"
        case _:
            return "unknown"


def _happening(event: Json) -> Happening:
    source = _dict(event, "source").get("component") or event.get("reportingComponent") or ""
    stamps = (event.get(name) for name in ("lastTimestamp", "eventTime", "firstTimestamp"))
    return Happening(
        last=str(next(filter(None, stamps), "")),
        type=str(event.get("type") or ""),
        reason=str(event.get("reason") or ""),
        message=str(event.get("message") or ""),
        source=str(source),
        count=int(event.get("count") or 1),
    )


def _lines(what: Description) -> Iterator[str]:
    where = f"{what.namespace}/" if what.namespace else ""
    yield f"{what.kind} {where}{what.name}"
    yield from (f"  {fact.label}: {fact.value}" for fact in what.facts)
    if what.labels:
        yield "Labels:"
        yield from (f"  {label}" for label in what.labels)
    if what.conditions:
        yield "Conditions:"
        for one in what.conditions:
            yield f"  {one.type}={one.status} {one.reason} since {one.since} {one.message}".rstrip()
    if what.containers:
        yield "Containers:"
        for each in what.containers:
            yield f"  {each.name} ({each.image}): {each.state}, restarts {each.restarts}"
    yield "Events:" if what.events else "Events: none"
    for event in what.events:
        times = f" x{event.count}" if event.count > 1 else ""
        yield f"  {event.last} {event.type} {event.reason}{times}: {event.message}"


def _dict(found: Json, key: str) -> Json:
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def _list(found: Json, key: str) -> list[Json]:
    value = found.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
