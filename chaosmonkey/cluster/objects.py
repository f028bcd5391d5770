"""One function for each kind of object: Kubernetes' JSON in, a value of the model out.

They may raise whatever a malformed object makes them raise: `wire` turns all of it into `Garbled`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

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

Json = dict[str, Any]

APP_LABELS = ("app.kubernetes.io/name", "app", "k8s-app")
"""Labels that name the application of a pod, the best one first."""

ROLE_PREFIX = "node-role.kubernetes.io/"

CONTROL_PLANE_LABELS = (ROLE_PREFIX + "control-plane", ROLE_PREFIX + "master")

UNREACHABLE = "node.kubernetes.io/unreachable"
"""The taint of a node whose kubelet stopped reporting; its effect NoExecute evicts."""


def node(found: Json) -> Node:
    """A Node."""
    metadata, spec, status = found["metadata"], found.get("spec") or {}, found.get("status") or {}
    ready = _condition(status, "Ready")
    labels = metadata.get("labels") or {}
    state = ready.get("status")
    return Node(
        name=metadata["name"],
        uid=metadata["uid"],
        ready=state if state in ("True", "False") else "Unknown",
        reason=ready.get("reason") or "",
        message=ready.get("message") or "",
        unschedulable=bool(spec.get("unschedulable")),
        control_plane=any(label in labels for label in CONTROL_PLANE_LABELS),
        boot_id=(status.get("nodeInfo") or {}).get("bootID") or "",
        taints=tuple(Taint(t["key"], t["effect"]) for t in spec.get("taints") or ()),
        roles=frozenset(
            label.removeprefix(ROLE_PREFIX) for label in labels if label.startswith(ROLE_PREFIX)
        ),
        addresses=tuple(
            address["address"]
            for address in status.get("addresses") or ()
            if address["type"] == "InternalIP"
        ),
    )


def pod(found: Json) -> Pod:
    """A Pod."""
    metadata, spec, status = found["metadata"], found.get("spec") or {}, found.get("status") or {}
    owner = _owner(metadata)
    containers = status.get("containerStatuses") or ()
    scheduled = _condition(status, "PodScheduled")
    return Pod(
        uid=metadata["uid"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        node=spec.get("nodeName") or None,
        owner=owner,
        app=_app(metadata.get("labels") or {}, owner),
        phase=status.get("phase") or "Pending",
        ready=_condition(status, "Ready").get("status") == "True",
        deleting=bool(metadata.get("deletionTimestamp")),
        reason=_waiting(status.get("initContainerStatuses") or ())
        or _waiting(containers)
        or status.get("reason")
        or "",
        unschedulable=(scheduled.get("message") or scheduled.get("reason") or "")
        if scheduled.get("status") == "False"
        else "",
        restarts=sum(container.get("restartCount") or 0 for container in containers),
        toleration=toleration(spec.get("tolerations") or ()),
        created=moment(metadata.get("creationTimestamp")),
    )


def workload(kind: str, found: Json) -> Workload:
    """A Deployment, ReplicaSet or StatefulSet, or a DaemonSet, which counts in words of its own."""
    metadata, spec, status = found["metadata"], found.get("spec") or {}, found.get("status") or {}
    if kind == "DaemonSet":
        desired, ready = status.get("desiredNumberScheduled"), status.get("numberReady")
    else:
        desired, ready = spec.get("replicas", 1), status.get("readyReplicas")
    return Workload(
        kind=kind,
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        owner=_owner(metadata),
        desired=int(desired or 0),
        ready=int(ready or 0),
    )


def lease(found: Json) -> Lease:
    """A Lease of the namespace kube-node-lease, which bears its node's name."""
    metadata, spec = found["metadata"], found.get("spec") or {}
    return Lease(
        node=metadata["name"],
        uid=metadata["uid"],
        renewed=moment(spec.get("renewTime")),
        duration=float(spec.get("leaseDurationSeconds") or 40.0),
    )


def endpoint_slice(found: Json) -> EndpointSlice:
    """An EndpointSlice of discovery.k8s.io/v1.

    Pods that are going away stay in the slice, for minutes on a lost node. They are no part of the
    service any more and are not counted.
    """
    metadata = found["metadata"]
    owner = _owner(metadata)
    labels = metadata.get("labels") or {}
    ready = total = 0
    for endpoint in found.get("endpoints") or ():
        conditions = endpoint.get("conditions") or {}
        if conditions.get("terminating"):
            continue
        addresses = len(endpoint.get("addresses") or ())
        total += addresses
        # A condition that is not given means ready.
        if conditions.get("ready") is not False:
            ready += addresses
    return EndpointSlice(
        uid=metadata["uid"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        service=labels.get("kubernetes.io/service-name") or (owner.name if owner else ""),
        ready=ready,
        total=total,
    )


def endpoints(found: Json) -> EndpointSlice:
    """An Endpoints object, which older servers have in place of slices, as one slice."""
    metadata = found["metadata"]
    subsets = found.get("subsets") or ()
    ready = sum(len(subset.get("addresses") or ()) for subset in subsets)
    waiting = sum(len(subset.get("notReadyAddresses") or ()) for subset in subsets)
    return EndpointSlice(
        uid=metadata["uid"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        service=metadata["name"],
        ready=ready,
        total=ready + waiting,
    )


def occurrence(found: Json) -> Occurrence:
    """An Event of core/v1."""
    metadata = found["metadata"]
    return Occurrence(
        uid=metadata["uid"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        type=found.get("type") or "Normal",
        reason=found.get("reason") or "",
        message=found.get("message") or "",
        about_uid=found["involvedObject"].get("uid") or "",
    )


def toleration(tolerations: Iterable[Json]) -> float | None:
    """Seconds until a pod is evicted from an unreachable node; None for never, 0.0 for at once.

    As the taint manager decides it: the first toleration that matches the taint counts, even if
    a later one names fewer seconds; without a match, or with seconds below zero, at once.
    """
    for given in tolerations:
        if _tolerates_unreachable(given):
            seconds = given.get("tolerationSeconds")
            return None if seconds is None else max(0.0, float(seconds))
    return 0.0


def _tolerates_unreachable(given: Json) -> bool:
    """Whether it matches the taint; an empty key or effect matches all, no operator means Equal."""
    if (given.get("effect") or "NoExecute") != "NoExecute":
        return False
    if (given.get("key") or UNREACHABLE) != UNREACHABLE:
        return False
    match given.get("operator") or "Equal":
        case "Exists":
            return True
        case "Equal":
            return not given.get("value")  # the taint has no value
        case _:
            return False


def moment(stamp: str | None) -> float:
    """Seconds since the Unix epoch of an RFC 3339 stamp; 0.0 for none, and for Go's zero time."""
    return max(0.0, datetime.fromisoformat(stamp).timestamp()) if stamp else 0.0


def _condition(status: Json, kind: str) -> Json:
    conditions: list[Json] = status.get("conditions") or []
    return next((found for found in conditions if found["type"] == kind), {})


def _owner(metadata: Json) -> Owner | None:
    for reference in metadata.get("ownerReferences") or ():
        if reference.get("controller"):
            return Owner(reference["kind"], reference["name"], reference["uid"])
    return None


def _app(labels: Json, owner: Owner | None) -> str:
    for label in APP_LABELS:
        if name := labels.get(label):
            return str(name)
    if owner is None:
        return ""
    return owner.name.removesuffix(f"-{labels.get('pod-template-hash', '')}")


def _waiting(containers: Iterable[Json]) -> str:
    for container in containers:
        if reason := ((container.get("state") or {}).get("waiting") or {}).get("reason"):
            return str(reason)
    return ""
