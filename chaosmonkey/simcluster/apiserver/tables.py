"""Tables for `kubectl get`: the cells of each object.

A client that accepts `as=Table` gets rows instead of objects. The cells follow the API server's
printers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chaosmonkey.simcluster.apiserver import cells
from chaosmonkey.simcluster.apiserver.columns import COLUMNS
from chaosmonkey.simcluster.apiserver.resources import ApiResource
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_NONE = "<none>"


def _node(node: Obj, now: float) -> list[Any]:
    info = node["status"].get("nodeInfo", {})
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
        pod["status"].get("podIP", _NONE),
        pod["spec"].get("nodeName", _NONE),
        _NONE,
        _NONE,
    ]


def _namespace(namespace: Obj, now: float) -> list[Any]:
    phase = namespace.get("status", {}).get("phase", "Active")
    return [namespace["metadata"]["name"], phase, cells.age(namespace, now)]


def _service(service: Obj, now: float) -> list[Any]:
    spec = service["spec"]
    return [
        service["metadata"]["name"],
        spec["type"],
        spec.get("clusterIP", _NONE),
        _NONE,
        ",".join(f"{port['port']}/{port['protocol']}" for port in spec.get("ports", [])) or _NONE,
        cells.age(service, now),
        cells.joined(spec.get("selector")),
    ]


def _endpoints(endpoints: Obj, now: float) -> list[Any]:
    listed = [
        f"{address['ip']}:{port['port']}"
        for subset in endpoints.get("subsets") or []
        for address in subset.get("addresses", [])
        for port in subset.get("ports", [])
    ]
    return [endpoints["metadata"]["name"], cells.few(listed), cells.age(endpoints, now)]


def _config_map(config: Obj, now: float) -> list[Any]:
    size = len(config.get("data", {})) + len(config.get("binaryData", {}))
    return [config["metadata"]["name"], size, cells.age(config, now)]


def _event(event: Obj, now: float) -> list[Any]:
    first = event["firstTimestamp"] or event["eventTime"]
    last = event["lastTimestamp"] or event["eventTime"]
    about = event["involvedObject"]
    source = event["source"]
    speaker = source.get("component") or event.get("reportingComponent", "")
    host = source.get("host") or event.get("reportingInstance", "")
    return [
        cells.since(last, now),
        event["type"],
        event["reason"],
        f"{about['kind'].lower()}/{about['name']}",
        about.get("fieldPath", ""),
        f"{speaker}, {host}" if host else speaker,
        event["message"].strip(),
        cells.since(first, now),
        event.get("count", 1),
        event["metadata"]["name"],
    ]


def _deployment(owner: Obj, now: float) -> list[Any]:
    status, wanted = owner.get("status", {}), owner["spec"]["replicas"]
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
        owner["spec"]["replicas"],
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        cells.age(owner, now),
        *cells.containers(owner),
        cells.selector(owner),
    ]


def _stateful_set(owner: Obj, now: float) -> list[Any]:
    ready = owner.get("status", {}).get("readyReplicas", 0)
    counts = f"{ready}/{owner['spec']['replicas']}"
    return [owner["metadata"]["name"], counts, cells.age(owner, now), *cells.containers(owner)]


def _daemon_set(owner: Obj, now: float) -> list[Any]:
    status = owner.get("status", {})
    counted = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady")
    return [
        owner["metadata"]["name"],
        *(status.get(field, 0) for field in counted),
        status.get("updatedNumberScheduled", 0),
        status.get("numberAvailable", 0),
        cells.joined(owner["spec"]["template"]["spec"].get("nodeSelector")),
        cells.age(owner, now),
        *cells.containers(owner),
        cells.selector(owner),
    ]


def _lease(lease: Obj, now: float) -> list[Any]:
    holder = lease["spec"].get("holderIdentity", "")
    return [lease["metadata"]["name"], holder, cells.age(lease, now)]


def _endpoint_slice(piece: Obj, now: float) -> list[Any]:
    ports = ",".join(str(port["port"]) for port in piece.get("ports") or [])
    listed = [address for one in piece.get("endpoints") or [] for address in one["addresses"]]
    return [
        piece["metadata"]["name"],
        piece["addressType"],
        ports or "<unset>",
        cells.few(listed, unset="<unset>"),
        cells.age(piece, now),
    ]


def _budget(budget: Obj, now: float) -> list[Any]:
    spec, status = budget["spec"], budget.get("status", {})
    return [
        budget["metadata"]["name"],
        str(spec.get("minAvailable", "N/A")),
        str(spec.get("maxUnavailable", "N/A")),
        status.get("disruptionsAllowed", 0),
        cells.age(budget, now),
    ]


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
    rows = []
    for obj in objects:
        row: Obj = {"cells": ROWS[resource.plural](obj, now)}
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
            for name, kind, priority in COLUMNS[resource.plural]
        ]
        if columns
        else [],
        "rows": rows,
    }
