"""The demo's workloads: a shop of 30 pods, six on each of five workers."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.admission import NOT_READY, UNREACHABLE
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

NAMESPACE = "shop"


def shop(toleration: int | None) -> list[Obj]:
    """The shop's manifests, in the order in which they are applied.

    Args:
        toleration: seconds for which its pods tolerate a lost node; None keeps the default.
    """
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        _service("storefront", 8080),
        _service("catalog", 8080),
        _service("cart", 8080),
        _service("orders", 5432, headless=True),
        _workload("Deployment", "storefront", 8080, toleration, replicas=10),
        _workload("Deployment", "catalog", 8080, toleration, replicas=5),
        _workload("Deployment", "cart", 8080, toleration, replicas=5),
        _workload(
            "StatefulSet",
            "orders",
            5432,
            toleration,
            replicas=5,
            serviceName="orders",
            podManagementPolicy="Parallel",
        ),
        _workload("DaemonSet", "node-agent", 9100, None),
    ]


def _workload(kind: str, name: str, port: int, toleration: int | None, **spec: object) -> Obj:
    container: Obj = {
        "name": name,
        "image": f"registry.example/{name}:1.4",
        "ports": [{"name": "main", "containerPort": port}],
        "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}},
    }
    if kind == "Deployment":
        probe = {"httpGet": {"path": "/ready", "port": port}, "periodSeconds": 1}
        container["readinessProbe"] = probe
    pod: Obj = {"containers": [container]}
    if toleration is not None:
        pod["tolerations"] = [
            {
                "key": key,
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": toleration,
            }
            for key in (UNREACHABLE, NOT_READY)
        ]
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"app": name}},
        "spec": {
            **spec,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        },
    }


def _service(name: str, port: int, *, headless: bool = False) -> Obj:
    spec: Obj = {
        "selector": {"app": name},
        "ports": [{"name": "main", "port": port, "targetPort": "main"}],
    }
    if headless:
        spec["clusterIP"] = "None"
    meta = {"name": name, "namespace": NAMESPACE, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}
