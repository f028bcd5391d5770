"""Tables for `kubectl get`: the cells of each object.

A client that accepts `as=Table` gets rows instead of objects. The cells follow the API server's
printers. Every object has cells: a field that it lacks shows as empty, and breaks no list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chaosmonkey.simcluster.apiserver import cells
from chaosmonkey.simcluster.apiserver.columns import COLUMNS, PLAIN
from chaosmonkey.simcluster.apiserver.resources import ApiResource
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_NONE = "<none>"


def _node(node: Obj, now: float) -> list[Any]:
    info = node.get("status", {}).get("nodeInfo", {})
    kernel = f"{info.get('kernelVersion', '')} ({info.get('architecture', '')})"
    return [
        node["metadata"]["name"],
        cells.node_status(node),
        cells.node_roles(node),
        cells.age(node, now),
        info.get("kubeletVersion", ""),
        cells.address(node, "InternalIP"),
        cells.address(node, "ExternalIP"),
        info.get("osImage", "<unknown>"),
        kernel,
        info.get("containerRuntimeVersion", "<unknown>"),
    ]


def _pod(pod: Obj, now: float) -> list[Any]:
    return [
        pod["metadata"]["name"],
        cells.pod_ready(pod),
        cells.pod_status(pod),
        cells.pod_restarts(pod, now),
        cells.age(pod, now),
        pod.get("status", {}).get("podIP", _NONE),
        pod.get("spec", {}).get("nodeName", _NONE),
        _NONE,
        _NONE,
    ]


def _namespace(namespace: Obj, now: float) -> list[Any]:
    phase = namespace.get("status", {}).get("phase", "Active")
    return [namespace["metadata"]["name"], phase, cells.age(namespace, now)]


def _service(service: Obj, now: float) -> list[Any]:
    spec = service.get("spec", {})
    return [
        service["metadata"]["name"],
        spec.get("type", ""),
        spec.get("clusterIP") or _NONE,
        spec.get("externalName") or ",".join(spec.get("externalIPs", [])) or _NONE,
        ",".join(cells.service_port(port) for port in spec.get("ports", [])) or _NONE,
        cells.age(service, now),
        cells.joined(spec.get("selector")),
    ]


def _endpoints(endpoints: Obj, now: float) -> list[Any]:
    listed = [
        f"{address.get('ip', '')}:{port.get('port', 0)}"
        for subset in endpoints.get("subsets") or []
        for address in subset.get("addresses", [])
        for port in subset.get("ports", [])
    ]
    return [endpoints["metadata"]["name"], cells.few(listed), cells.age(endpoints, now)]


def _config_map(config: Obj, now: float) -> list[Any]:
    size = len(config.get("data", {})) + len(config.get("binaryData", {}))
    return [config["metadata"]["name"], size, cells.age(config, now)]


def _event(event: Obj, now: float) -> list[Any]:
    series = event.get("series") or {}
    first = event.get("firstTimestamp") or event.get("eventTime")
    last = series.get("lastObservedTime") or event.get("lastTimestamp") or first
    about, source = event.get("involvedObject", {}), event.get("source", {})
    kind, name = about.get("kind", "").lower(), about.get("name", "")
    speaker = source.get("component") or event.get("reportingComponent", "")
    host = source.get("host") or event.get("reportingInstance", "")
    return [
        cells.since(last, now),
        event.get("type", ""),
        event.get("reason", ""),
        f"{kind}/{name}" if name else kind,
        about.get("fieldPath", ""),
        f"{speaker}, {host}" if host else speaker,
        event.get("message", "").strip(),
        cells.since(first, now),
        series.get("count") or event.get("count") or 1,
        event["metadata"]["name"],
    ]


def _deployment(owner: Obj, now: float) -> list[Any]:
    status, wanted = owner.get("status", {}), cells.replicas(owner)
    return [
        owner["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{wanted}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        cells.age(owner, now),
        *cells.containers(owner),
        cells.selector(owner),
    ]


def _replica_set(owner: Obj, now: float) -> list[Any]:
    status = owner.get("status", {})
    return [
        owner["metadata"]["name"],
        cells.replicas(owner),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        cells.age(owner, now),
        *cells.containers(owner),
        cells.selector(owner),
    ]


def _stateful_set(owner: Obj, now: float) -> list[Any]:
    ready = owner.get("status", {}).get("readyReplicas", 0)
    counts = f"{ready}/{cells.replicas(owner)}"
    return [owner["metadata"]["name"], counts, cells.age(owner, now), *cells.containers(owner)]


def _daemon_set(owner: Obj, now: float) -> list[Any]:
    status = owner.get("status", {})
    counted = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady")
    return [
        owner["metadata"]["name"],
        *(status.get(field, 0) for field in counted),
        status.get("updatedNumberScheduled", 0),
        status.get("numberAvailable", 0),
        cells.joined(cells.pod_spec(owner).get("nodeSelector")),
        cells.age(owner, now),
        *cells.containers(owner),
        cells.selector(owner),
    ]


def _lease(lease: Obj, now: float) -> list[Any]:
    holder = lease.get("spec", {}).get("holderIdentity", "")
    return [lease["metadata"]["name"], holder, cells.age(lease, now)]


def _endpoint_slice(piece: Obj, now: float) -> list[Any]:
    ports = ",".join(str(port.get("port", "*")) for port in piece.get("ports") or [])
    listed = [
        address for one in piece.get("endpoints") or [] for address in one.get("addresses", [])
    ]
    return [
        piece["metadata"]["name"],
        piece.get("addressType", ""),
        ports or "<unset>",
        cells.few(listed, unset="<unset>"),
        cells.age(piece, now),
    ]


def _budget(budget: Obj, now: float) -> list[Any]:
    spec, status = budget.get("spec", {}), budget.get("status", {})
    return [
        budget["metadata"]["name"],
        str(spec.get("minAvailable", "N/A")),
        str(spec.get("maxUnavailable", "N/A")),
        status.get("disruptionsAllowed", 0),
        cells.age(budget, now),
    ]


def _plain(obj: Obj, _: float) -> list[Any]:
    """The cells of a kind that has no printer."""
    return [obj["metadata"]["name"], obj["metadata"].get("creationTimestamp", "")]


ROWS: dict[str, Callable[[Obj, float], list[Any]]] = {
    "nodes": _node,
    "pods": _pod,
    "namespaces": _namespace,
    "services": _service,
    "endpoints": _endpoints,
    "configmaps": _config_map,
    "events": _event,
    "deployments": _deployment,
    "replicasets": _replica_set,
    "statefulsets": _stateful_set,
    "daemonsets": _daemon_set,
    "leases": _lease,
    "endpointslices": _endpoint_slice,
    "poddisruptionbudgets": _budget,
}


def table(
    resource: ApiResource,
    objects: Iterable[Obj],
    meta: Obj,
    now: float,
    *,
    whole: str = "Metadata",
    columns: bool = True,
) -> Obj:
    """Objects as rows.

    Args:
        resource: the resource of the objects.
        objects: the objects.
        meta: the table's metadata: its version and the start of the next page.
        now: the current moment, for ages.
        whole: how much of each object to include: `None`, `Metadata` or `Object` (includeObject).
        columns: whether to describe the columns; on a watch only the first table does.
    """
    rows, printer = [], ROWS.get(resource.plural, _plain)
    for obj in objects:
        row: Obj = {"cells": printer(obj, now)}
        if whole == "Object":
            row["object"] = obj
        elif whole == "Metadata":
            kind = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
            row["object"] = kind | {"metadata": obj["metadata"]}
        rows.append(row)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": [
            {
                "name": name,
                "type": kind,
                "format": "name" if name == "Name" else "",
                "description": "",
                "priority": priority,
            }
            for name, kind, priority in COLUMNS.get(resource.plural, PLAIN)
        ]
        if columns
        else [],
        "rows": rows,
    }
