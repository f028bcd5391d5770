"""Admission: the defaults and injected fields that an API server adds to objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaosmonkey.simcluster.apiserver.resources import (
    DAEMON_SETS,
    DEPLOYMENTS,
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


class Admission:
    """Completes a new or changed object, in place.

    Args:
        toleration: seconds a pod without its own tolerations stays on a failed node.
        suffix: returns the random suffix of a volume's name.
        service_ip: returns the address of a new service.
    """

    def __init__(
        self, toleration: int, suffix: Callable[[], str], service_ip: Callable[[], str]
    ) -> None:
        self._toleration = toleration
        self._suffix = suffix
        self._service_ip = service_ip

    def complete(self, resource: ApiResource, obj: Obj) -> None:
        """Fill in missing fields."""
        if resource is PODS:
            self._pod(obj)
        elif resource is SERVICES:
            self._service(obj)
        elif resource in _WORKLOADS:
            _pod_spec(obj["spec"]["template"].setdefault("spec", {}))
            _fill(obj["spec"], _WORKLOADS[resource])
            obj.setdefault("status", {})

    def _pod(self, pod: Obj) -> None:
        spec = pod["spec"]
        _pod_spec(spec)
        spec.setdefault("serviceAccountName", "default")
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
        _fill(spec, {"priority": 0, "enableServiceLinks": True})
        spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
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
        status.setdefault("phase", "Pending")
        status.setdefault("qosClass", quality_of_service(spec))

    def _service(self, service: Obj) -> None:
        spec = service["spec"]
        for port in spec.get("ports", []):
            port.setdefault("protocol", "TCP")
            port.setdefault("targetPort", port["port"])
        if "clusterIP" not in spec:
            spec["clusterIP"] = self._service_ip()
        _fill(
            spec,
            {
                "clusterIPs": [spec["clusterIP"]],
                "type": "ClusterIP",
                "sessionAffinity": "None",
                "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack",
                "internalTrafficPolicy": "Cluster",
            },
        )
        service.setdefault("status", {"loadBalancer": {}})


_WORKLOADS: dict[ApiResource, dict[str, Any]] = {
    DEPLOYMENTS: {
        "replicas": 1,
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
        },
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    },
    REPLICA_SETS: {"replicas": 1},
    STATEFUL_SETS: {
        "replicas": 1,
        "serviceName": "",
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "revisionHistoryLimit": 10,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    },
    DAEMON_SETS: {
        "updateStrategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0},
        },
        "revisionHistoryLimit": 10,
    },
}


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


def _pod_spec(spec: Obj) -> None:
    for container in spec.setdefault("containers", []):
        for port in container.get("ports", []):
            port.setdefault("protocol", "TCP")
        if "readinessProbe" in container:
            probe = container["readinessProbe"]
            if "httpGet" in probe:
                _fill(probe["httpGet"], {"path": "/", "scheme": "HTTP"})
            _fill(probe, {"timeoutSeconds": 1, "periodSeconds": 10})
            _fill(probe, {"successThreshold": 1, "failureThreshold": 3})
        latest = ":" not in container.get("image", "").rsplit("/", 1)[-1]
        _fill(
            container,
            {
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "imagePullPolicy": "Always" if latest else "IfNotPresent",
            },
        )
    _fill(
        spec,
        {
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "securityContext": {},
            "schedulerName": "default-scheduler",
        },
    )


def _mount_token(spec: Obj, suffix: Callable[[], str]) -> None:
    """Mount the service account's token, as in every pod."""
    volumes = spec.setdefault("volumes", [])
    if any(volume["name"].startswith("kube-api-access-") for volume in volumes):
        return
    name = f"kube-api-access-{suffix()}"
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
    ]
    volumes.append({"name": name, "projected": {"sources": sources, "defaultMode": 420}})
    for container in spec["containers"]:
        mounts = container.setdefault("volumeMounts", [])
        mounts.append({"name": name, "readOnly": True, "mountPath": _TOKEN})


def _endures(toleration: Obj, key: str) -> bool:
    effect = toleration.get("effect", "NoExecute")
    return bool(toleration.get("key", key) == key and effect == "NoExecute")


def _fill(obj: Obj, defaults: dict[str, Any]) -> None:
    for field, value in defaults.items():
        if field not in obj:
            obj[field] = value if not isinstance(value, dict | list) else _copy(value)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {field: _copy(inner) for field, inner in value.items()}
    if isinstance(value, list):
        return [_copy(inner) for inner in value]
    return value
