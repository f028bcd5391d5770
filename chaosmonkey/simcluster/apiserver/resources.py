"""The resources of the simulated API server, one row each.

Discovery, routing, storage and kubectl's tables are driven by these rows; a new resource is a
new row, with its definition in `schema/kubernetes.json` (`make schemas`). What else Kubernetes does
with a kind is optional: its cells in `tables.py` and columns in `columns.py`, its defaults in
`defaults/kinds.py`, its rules in `validation/kinds.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

_ALL = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, eq=False)
class ApiResource:
    """One kind of object: its API group, its names and its verbs."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = _ALL
    subresources: tuple[str, ...] = ()
    generation: bool = False
    """Whether `metadata.generation` counts changes of the spec."""
    graceful: bool = False
    """Whether deletion has a grace period, as for pods."""
    selectable: tuple[str, ...] = ()
    """The fields that a field selector may name, besides name and namespace."""
    created_by_update: bool = False
    """Whether a PUT creates a missing object (AllowCreateOnUpdate)."""
    unconditional: bool = True
    """Whether a PUT may omit the version (AllowUnconditionalUpdate)."""
    deprecated: str = ""
    """What clients are warned of."""

    @property
    def api_version(self) -> str:
        """The value of `apiVersion`: `v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        """The name that kubectl uses for one object."""
        return self.kind.lower()

    @property
    def qualified(self) -> str:
        """The name in error messages: `pods`, `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


NAMESPACES = ApiResource(
    "",
    "v1",
    "namespaces",
    "Namespace",
    namespaced=False,
    short=("ns",),
    verbs=tuple(verb for verb in _ALL if verb != "deletecollection"),
    subresources=("status",),
    selectable=("name", "status.phase"),
)
NODES = ApiResource(
    "",
    "v1",
    "nodes",
    "Node",
    namespaced=False,
    short=("no",),
    subresources=("status",),
    selectable=("spec.unschedulable",),
)
PODS = ApiResource(
    "",
    "v1",
    "pods",
    "Pod",
    short=("po",),
    categories=("all",),
    subresources=("binding", "eviction", "log", "status"),
    generation=True,
    graceful=True,
    selectable=(
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
)
SERVICES = ApiResource(
    "",
    "v1",
    "services",
    "Service",
    short=("svc",),
    categories=("all",),
    subresources=("status",),
    selectable=("spec.clusterIP", "spec.type"),
    created_by_update=True,
)
ENDPOINTS = ApiResource(
    "",
    "v1",
    "endpoints",
    "Endpoints",
    short=("ep",),
    created_by_update=True,
    deprecated="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
)
CONFIG_MAPS = ApiResource("", "v1", "configmaps", "ConfigMap", short=("cm",))
EVENTS = ApiResource(
    "",
    "v1",
    "events",
    "Event",
    short=("ev",),
    selectable=(
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    created_by_update=True,
)
DEPLOYMENTS = ApiResource(
    "apps",
    "v1",
    "deployments",
    "Deployment",
    short=("deploy",),
    categories=("all",),
    subresources=("scale", "status"),
    generation=True,
)
REPLICA_SETS = ApiResource(
    "apps",
    "v1",
    "replicasets",
    "ReplicaSet",
    short=("rs",),
    categories=("all",),
    subresources=("scale", "status"),
    generation=True,
    selectable=("status.replicas",),
)
STATEFUL_SETS = ApiResource(
    "apps",
    "v1",
    "statefulsets",
    "StatefulSet",
    short=("sts",),
    categories=("all",),
    subresources=("scale", "status"),
    generation=True,
)
DAEMON_SETS = ApiResource(
    "apps",
    "v1",
    "daemonsets",
    "DaemonSet",
    short=("ds",),
    categories=("all",),
    subresources=("status",),
    generation=True,
)
LEASES = ApiResource(
    "coordination.k8s.io",
    "v1",
    "leases",
    "Lease",
    created_by_update=True,
    unconditional=False,
)
ENDPOINT_SLICES = ApiResource(
    "discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", generation=True
)

BUDGETS = ApiResource(
    "policy",
    "v1",
    "poddisruptionbudgets",
    "PodDisruptionBudget",
    short=("pdb",),
    subresources=("status",),
    generation=True,
    unconditional=False,
)

RESOURCES: tuple[ApiResource, ...] = (
    CONFIG_MAPS,
    ENDPOINTS,
    EVENTS,
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
    DAEMON_SETS,
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
    LEASES,
    ENDPOINT_SLICES,
    BUDGETS,
)

BY_PATH: dict[tuple[str, str, str], ApiResource] = {
    (row.group, row.version, row.plural): row for row in RESOURCES
}
BY_KIND: dict[tuple[str, str], ApiResource] = {
    (row.api_version, row.kind): row for row in RESOURCES
}
