"""Admission: what the API server adds to an object besides its defaults.

    decoded ─► defaults ─► admission ─► validation ─► store

Pods get a service account with its token, a priority and tolerations; services get their
addresses. Objects of controllers pass here too, so that no object in the store lacks a default.
"""

from __future__ import annotations

from collections.abc import Callable

from chaosmonkey.simcluster.apiserver.defaults.kinds import apply_defaults
from chaosmonkey.simcluster.apiserver.defaults.pods import fill
from chaosmonkey.simcluster.apiserver.resources import (
    DAEMON_SETS,
    DEPLOYMENTS,
    NODES,
    PODS,
    REPLICA_SETS,
    SERVICES,
    STATEFUL_SETS,
    ApiResource,
)
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path
NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"

_WORKLOADS = (DAEMON_SETS, DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS)
_WITH_NODE_PORTS = {"NodePort", "LoadBalancer"}


class Admission:
    """Completes a new or changed object, in place.

    Args:
        toleration: seconds a pod without its own tolerations stays on a failed node.
        suffix: returns the random suffix of a volume's name.
        service_ip: returns the address of a new service.
        node_port: returns a free port on every node, from the default range 30000 to 32767.
    """

    def __init__(
        self,
        toleration: int,
        suffix: Callable[[], str],
        service_ip: Callable[[], str],
        node_port: Callable[[], int],
    ) -> None:
        self._toleration = toleration
        self._suffix = suffix
        self._service_ip = service_ip
        self._node_port = node_port

    def complete(self, resource: ApiResource, obj: Obj, before: Obj | None = None) -> None:
        """Fill in missing fields; `before` is the stored version of a changed object."""
        apply_defaults(resource, obj)
        if resource is PODS:
            self._pod(obj, new=before is None)
        elif resource is SERVICES:
            self._service(obj, before)
        elif resource in _WORKLOADS:
            obj.setdefault("status", {})

    def _pod(self, pod: Obj, *, new: bool) -> None:
        spec = pod["spec"]
        if new:
            fill(spec, serviceAccountName="default", priority=0)
            spec["serviceAccount"] = spec["serviceAccountName"]
            spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
            if spec.get("automountServiceAccountToken", True):
                _mount_token(spec, self._suffix)
        tolerations = spec.setdefault("tolerations", [])
        for key in (NOT_READY, UNREACHABLE):
            if not any(_endures(toleration, key) for toleration in tolerations):
                tolerations.append(
                    {
                        "key": key,
                        "operator": "Exists",
                        "effect": "NoExecute",
                        "tolerationSeconds": self._toleration,
                    }
                )
        status = pod.setdefault("status", {})
        fill(status, phase="Pending", qosClass=quality_of_service(spec))

    def _service(self, service: Obj, before: Obj | None) -> None:
        """Allocate a service's addresses and ports; a changed service keeps those it has."""
        spec = service["spec"]
        service.setdefault("status", {"loadBalancer": {}})
        if spec["type"] == "ExternalName":
            return
        old = before["spec"] if before and before["spec"].get("type") != "ExternalName" else {}
        if not spec.get("clusterIP"):
            spec["clusterIP"] = old.get("clusterIP") or self._service_ip()
        fill(
            spec,
            clusterIPs=[spec["clusterIP"]],
            ipFamilies=["IPv4"],
            ipFamilyPolicy="SingleStack",
        )
        if spec["type"] in _WITH_NODE_PORTS:
            held = {_port_key(port): port.get("nodePort") for port in old.get("ports", ())}
            for port in spec.get("ports", ()):
                if not port.get("nodePort"):
                    port["nodePort"] = held.get(_port_key(port)) or self._node_port()


def prepare_new(resource: ApiResource, obj: Obj) -> None:
    """Remove what a client may not set on a new object: its status, except a node's."""
    if "status" in resource.subresources and resource is not NODES:
        obj.pop("status", None)


def quality_of_service(spec: Obj) -> str:
    """The QoS class that follows from a pod's requests and limits."""
    resources = [container.get("resources", {}) for container in spec["containers"]]
    if all(not r.get("requests") and not r.get("limits") for r in resources):
        return "BestEffort"
    whole = all(
        {"cpu", "memory"} <= set(r.get("limits", {}))
        and r.get("requests", r["limits"]) == r["limits"]
        for r in resources
    )
    return "Guaranteed" if whole else "Burstable"


def _port_key(port: Obj) -> tuple[object, object]:
    return port.get("port"), port.get("protocol", "TCP")


def _mount_token(spec: Obj, suffix: Callable[[], str]) -> None:
    """Mount the service account's token, as in every pod."""
    volumes = spec.setdefault("volumes", [])
    if any(volume.get("name", "").startswith("kube-api-access-") for volume in volumes):
        return
    name = f"kube-api-access-{suffix()}"
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
    ]
    volumes.append({"name": name, "projected": {"sources": sources, "defaultMode": 420}})
    for container in [*spec["containers"], *spec.get("initContainers", ())]:
        mounts = container.setdefault("volumeMounts", [])
        if all(mount.get("mountPath") != _TOKEN for mount in mounts):
            mounts.append({"name": name, "readOnly": True, "mountPath": _TOKEN})


def _endures(toleration: Obj, key: str) -> bool:
    effect = toleration.get("effect", "NoExecute")
    return bool(toleration.get("key", key) == key and effect == "NoExecute")
