"""One function for each kind of object: Kubernetes' JSON in, a value of the model out.

A malformed object raises TypeError or ValueError; `wire` makes that the reason for dropping it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from chaosmonkey.cluster.fields import (
    Json,
    count,
    flag,
    items,
    listed,
    mapping,
    name,
    seconds,
    text,
)
from chaosmonkey.model import (
    EndpointSlice,
    Lease,
    Node,
    Occurrence,
    Owner,
    Pod,
    Taint,
    Workload,
)

APP_LABELS = ("app.kubernetes.io/name", "app", "k8s-app")
"""Labels that name the application of a pod, the best one first."""

ROLE_PREFIX = "node-role.kubernetes.io/"

CONTROL_PLANE_LABELS = (ROLE_PREFIX + "control-plane", ROLE_PREFIX + "master")

UNREACHABLE = "node.kubernetes.io/unreachable"
"""The taint of a node whose kubelet stopped reporting; its effect NoExecute evicts."""


def node(found: Json) -> Node:
    """A Node."""
    metadata, spec, status = mapping(found, "metadata"), mapping(found, "spec"), _status(found)
    ready = _condition(status, "Ready")
    labels = mapping(metadata, "labels")
    return Node(
        name=name(metadata, "name"),
        uid=name(metadata, "uid"),
        ready=_ready(text(ready, "status")),
        reason=text(ready, "reason"),
        message=text(ready, "message"),
        unschedulable=flag(spec, "unschedulable"),
        control_plane=any(label in labels for label in CONTROL_PLANE_LABELS),
        boot_id=text(mapping(status, "nodeInfo"), "bootID"),
        taints=tuple(
            Taint(name(taint, "key"), name(taint, "effect")) for taint in items(spec, "taints")
        ),
        roles=frozenset(
            label.removeprefix(ROLE_PREFIX) for label in labels if label.startswith(ROLE_PREFIX)
        ),
        addresses=tuple(
            name(address, "address")
            for address in items(status, "addresses")
            if text(address, "type") == "InternalIP"
        ),
    )


def _ready(status: str) -> Literal["True", "False", "Unknown"]:
    match status:
        case "True":
            return "True"
        case "False":
            return "False"
        case _:
            return "Unknown"


def pod(found: Json) -> Pod:
    """A Pod."""
    metadata, spec, status = mapping(found, "metadata"), mapping(found, "spec"), _status(found)
    owner = _owner(metadata)
    containers = items(status, "containerStatuses")
    scheduled = _condition(status, "PodScheduled")
    return Pod(
        uid=name(metadata, "uid"),
        namespace=name(metadata, "namespace"),
        name=name(metadata, "name"),
        node=text(spec, "nodeName") or None,
        owner=owner,
        app=_app(mapping(metadata, "labels"), owner),
        phase=text(status, "phase") or "Pending",
        ready=text(_condition(status, "Ready"), "status") == "True",
        deleting=bool(text(metadata, "deletionTimestamp")),
        reason=_waiting(items(status, "initContainerStatuses"))
        or _waiting(containers)
        or text(status, "reason"),
        unschedulable=(text(scheduled, "message") or text(scheduled, "reason"))
        if text(scheduled, "status") == "False"
        else "",
        restarts=sum(count(container, "restartCount") for container in containers),
        toleration=toleration(items(spec, "tolerations")),
        created=moment(text(metadata, "creationTimestamp")),
    )


def workload(kind: str, found: Json) -> Workload:
    """A Deployment, ReplicaSet or StatefulSet, or a DaemonSet, which counts under other keys."""
    metadata, spec, status = mapping(found, "metadata"), mapping(found, "spec"), _status(found)
    if kind == "DaemonSet":
        desired = count(status, "desiredNumberScheduled")
        ready = count(status, "numberReady")
    else:
        desired, ready = count(spec, "replicas", 1), count(status, "readyReplicas")
    return Workload(
        kind=kind,
        namespace=name(metadata, "namespace"),
        name=name(metadata, "name"),
        uid=name(metadata, "uid"),
        owner=_owner(metadata),
        desired=desired,
        ready=ready,
    )


def lease(found: Json) -> Lease:
    """A Lease of the namespace kube-node-lease, named after its node."""
    metadata, spec = mapping(found, "metadata"), mapping(found, "spec")
    return Lease(
        node=name(metadata, "name"),
        uid=name(metadata, "uid"),
        renewed=moment(text(spec, "renewTime")),
        duration=float(count(spec, "leaseDurationSeconds") or 40),
    )


def endpoint_slice(found: Json) -> EndpointSlice:
    """An EndpointSlice of discovery.k8s.io/v1.

    Pods that are going away stay in the slice, for minutes on a lost node. They are no part of the
    service any more and are not counted.
    """
    metadata = mapping(found, "metadata")
    owner = _owner(metadata)
    ready = total = 0
    for endpoint in items(found, "endpoints"):
        conditions = mapping(endpoint, "conditions")
        if flag(conditions, "terminating"):
            continue
        addresses = len(listed(endpoint, "addresses"))
        total += addresses
        # A condition that is not given means ready.
        if conditions.get("ready") is not False:
            ready += addresses
    service = text(mapping(metadata, "labels"), "kubernetes.io/service-name")
    return EndpointSlice(
        uid=name(metadata, "uid"),
        namespace=name(metadata, "namespace"),
        name=name(metadata, "name"),
        service=service or (owner.name if owner else ""),
        ready=ready,
        total=total,
    )


def endpoints(found: Json) -> EndpointSlice:
    """An Endpoints object, which older servers have instead of slices, as one slice."""
    metadata = mapping(found, "metadata")
    subsets = items(found, "subsets")
    ready = sum(len(listed(subset, "addresses")) for subset in subsets)
    waiting = sum(len(listed(subset, "notReadyAddresses")) for subset in subsets)
    return EndpointSlice(
        uid=name(metadata, "uid"),
        namespace=name(metadata, "namespace"),
        name=name(metadata, "name"),
        service=name(metadata, "name"),
        ready=ready,
        total=ready + waiting,
    )


def occurrence(found: Json) -> Occurrence:
    """An Event of core/v1."""
    metadata = mapping(found, "metadata")
    return Occurrence(
        uid=name(metadata, "uid"),
        namespace=name(metadata, "namespace"),
        name=name(metadata, "name"),
        type=text(found, "type") or "Normal",
        reason=text(found, "reason"),
        message=text(found, "message"),
        about_uid=text(mapping(found, "involvedObject"), "uid"),
    )


def toleration(tolerations: Iterable[Json]) -> float | None:
    """Seconds until a pod is evicted from an unreachable node; None for never, 0.0 for at once.

    As the taint manager decides it: the first toleration that matches the taint counts, even if
    a later one names fewer seconds; without a match, or with seconds below zero, at once.
    """
    given = next(filter(_tolerates_unreachable, tolerations), None)
    if given is None:
        return 0.0
    given_seconds = seconds(given, "tolerationSeconds")
    return None if given_seconds is None else max(0.0, given_seconds)


def _tolerates_unreachable(given: Json) -> bool:
    """Whether it matches the taint; an empty key or effect matches all, no operator means Equal."""
    if (text(given, "effect") or "NoExecute") != "NoExecute":
        return False
    if (text(given, "key") or UNREACHABLE) != UNREACHABLE:
        return False
    match text(given, "operator") or "Equal":
        case "Exists":
            return True
        case "Equal":
            return not text(given, "value")  # the taint has no value
        case _:
            return False


def moment(stamp: str | None) -> float:
    """Seconds since the Unix epoch of an RFC 3339 stamp; 0.0 for none, and for Go's zero time."""
    return max(0.0, datetime.fromisoformat(stamp).timestamp()) if stamp else 0.0


def _status(found: Json) -> Json:
    return mapping(found, "status")


def _condition(status: Json, kind: str) -> Json:
    conditions = items(status, "conditions")
    return next((found for found in conditions if text(found, "type") == kind), {})


def _owner(metadata: Json) -> Owner | None:
    for reference in items(metadata, "ownerReferences"):
        if flag(reference, "controller"):
            return Owner(name(reference, "kind"), name(reference, "name"), name(reference, "uid"))
    return None


def _app(labels: Json, owner: Owner | None) -> str:
    for label in APP_LABELS:
        if app := text(labels, label):
            return app
    if owner is None:
        return ""
    return owner.name.removesuffix(f"-{text(labels, 'pod-template-hash')}")


def _waiting(containers: Iterable[Json]) -> str:
    for container in containers:
        if reason := text(mapping(mapping(container, "state"), "waiting"), "reason"):
            return reason
    return ""
