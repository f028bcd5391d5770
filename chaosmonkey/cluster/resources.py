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
        only_in: the one namespace that is of interest, whatever the settings say.
        vital: nothing can be believed without it.
        late: listed when all others are known, so that the owner of a pod is never a stranger.
        history: objects that tell of the past; those that were there before us are no news.
        selector: the field selector that picks those of interest, if not all are.
        older: what older servers have in its place.
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
        """Where it is looked at, if the settings name these namespaces; None is everywhere."""
        if self.only_in:
            return (self.only_in,)
        return (namespaces if self.namespaced else ()) or (None,)

    @property
    def group(self) -> str:
        """The API group, "" for the core's."""
        return self.api.split("/")[2] if self.api.startswith("/apis/") else ""

    def rule(self) -> str:
        """The resource with its group, as kubectl wants it: "deployments.apps"."""
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
"""Not watched: a dry run asks for them."""

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
"""All of them, in the order in which they are started."""
