"""Which defaults apply to which kind."""

from __future__ import annotations

from collections.abc import Callable

from chaosmonkey.simcluster.apiserver.defaults.pods import default_pod, fill
from chaosmonkey.simcluster.apiserver.defaults.services import (
    default_endpoint_slice,
    default_endpoints,
    default_service,
)
from chaosmonkey.simcluster.apiserver.defaults.workloads import (
    default_daemon_set,
    default_deployment,
    default_replica_set,
    default_stateful_set,
)
from chaosmonkey.simcluster.apiserver.resources import (
    BUDGETS,
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    EVENTS,
    LEASES,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    SERVICES,
    STATEFUL_SETS,
    ApiResource,
)
from chaosmonkey.simcluster.apiserver.watch_cache import Obj


def apply_defaults(resource: ApiResource, obj: Obj) -> None:
    """Fill in an object, in place; twice gives the same as once."""
    obj.setdefault("metadata", {})
    if default := _DEFAULTS.get(resource):
        default(obj)


def _namespace(namespace: Obj) -> None:
    if name := namespace["metadata"].get("name"):
        labels = namespace["metadata"].setdefault("labels", {})
        labels["kubernetes.io/metadata.name"] = name
    namespace.setdefault("spec", {})
    namespace.setdefault("status", {}).setdefault("phase", "Active")


def _node(node: Obj) -> None:
    node.setdefault("spec", {})
    status = node.setdefault("status", {})
    if "capacity" in status:
        status.setdefault("allocatable", dict(status["capacity"]))


def _event(event: Obj) -> None:
    fill(
        event,
        involvedObject={},
        source={},
        firstTimestamp=None,
        lastTimestamp=None,
        eventTime=None,
        reportingComponent="",
        reportingInstance="",
    )


def _with_spec(obj: Obj) -> None:
    obj.setdefault("spec", {})


_DEFAULTS: dict[ApiResource, Callable[[Obj], None]] = {
    BUDGETS: _with_spec,
    DAEMON_SETS: default_daemon_set,
    DEPLOYMENTS: default_deployment,
    ENDPOINTS: default_endpoints,
    ENDPOINT_SLICES: default_endpoint_slice,
    EVENTS: _event,
    LEASES: _with_spec,
    NAMESPACES: _namespace,
    NODES: _node,
    PODS: default_pod,
    REPLICA_SETS: default_replica_set,
    SERVICES: default_service,
    STATEFUL_SETS: default_stateful_set,
}
