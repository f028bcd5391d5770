"""Which resources are watched, where the API server keeps them, and how they are decoded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Never

from chaosmonkey.cluster import decoders
from chaosmonkey.cluster.decoding import Decode

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object.

    Attributes:
        name: the plural, as in URLs and RBAC rules.
        api: path of its group and version.
        decode: JSON of one object to the model.
        namespaced: whether its objects live in namespaces that the settings may narrow down.
        only_in: the one namespace of interest, whatever the settings say.
        vital: the state is not current without it.
        late: listed when all others are known, so that a pod's owner is known before it.
        history: records of the past; those older than this watch are not published.
        selector: the field selector, if not all are of interest.
        older: what older servers have instead.
    """

    name: str
    api: str
    decode: Decode
    namespaced: bool = True
    only_in: str | None = None
    vital: bool = False
    late: bool = False
    history: bool = False
    selector: str = ""
    older: Resource | None = None

    def path(self, namespace: str | None = None) -> str:
        """Path of the whole collection, or of its part in one namespace."""
        within = f"/namespaces/{namespace}" if namespace else ""
        return f"{self.api}{within}/{self.name}"

    def places(self, namespaces: tuple[str, ...]) -> tuple[str | None, ...]:
        """Where to list it, if the settings name these namespaces; None means everywhere."""
        if self.only_in:
            return (self.only_in,)
        return (namespaces if self.namespaced else ()) or (None,)

    @property
    def group(self) -> str:
        """The API group, "" for the core's."""
        return self.api.split("/")[2] if self.api.startswith("/apis/") else ""

    def rule(self) -> str:
        """The resource with its group, as kubectl writes it: "deployments.apps"."""
        return f"{self.name}.{self.group}" if self.group else self.name


CORE, APPS = "/api/v1", "/apis/apps/v1"

NODES = Resource("nodes", CORE, decoders.node, namespaced=False, vital=True)
PODS = Resource("pods", CORE, decoders.pod, vital=True, late=True)
LEASES = Resource(
    "leases",
    "/apis/coordination.k8s.io/v1",
    decoders.lease,
    only_in="kube-node-lease",
    vital=True,
)
DEPLOYMENTS = Resource("deployments", APPS, partial(decoders.workload, "Deployment"))
REPLICASETS = Resource("replicasets", APPS, partial(decoders.workload, "ReplicaSet"))
STATEFULSETS = Resource("statefulsets", APPS, partial(decoders.workload, "StatefulSet"))
DAEMONSETS = Resource("daemonsets", APPS, partial(decoders.workload, "DaemonSet"))
ENDPOINTS = Resource("endpoints", CORE, decoders.endpoints, late=True)
ENDPOINT_SLICES = Resource(
    "endpointslices",
    "/apis/discovery.k8s.io/v1",
    decoders.endpoint_slice,
    late=True,
    older=ENDPOINTS,
)
WARNINGS = Resource(
    "events",
    CORE,
    decoders.occurrence,
    late=True,
    history=True,
    selector="type=Warning,involvedObject.kind=Pod",
)


def _read_as_json(found: Json) -> Never:
    raise NotImplementedError("it is not watched, so nothing decodes it")


BUDGETS = Resource("poddisruptionbudgets", "/apis/policy/v1", _read_as_json)
"""Not watched; a dry run lists them."""

WATCHED = (
    NODES,
    DEPLOYMENTS,
    REPLICASETS,
    STATEFULSETS,
    DAEMONSETS,
    LEASES,
    PODS,
    ENDPOINT_SLICES,
    WARNINGS,
)
"""All watched resources, in the order in which they are started."""
