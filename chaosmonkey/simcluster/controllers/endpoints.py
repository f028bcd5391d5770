"""EndpointSlices and the older Endpoints: the addresses behind a service.

A pod is listed from its first address until it finishes. It is `serving` while its condition Ready
is True, `terminating` once it is marked for deletion, and `ready` while it serves and is not
terminating.
"""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.resources import ENDPOINT_SLICES, ENDPOINTS, PODS, SERVICES
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import (
    Controller,
    is_finished,
    is_ready,
    is_terminating,
    reference,
)
from chaosmonkey.simcluster.timestamps import stamp

_SERVICE = "kubernetes.io/service-name"


class Endpoints(Controller):
    """Maintains one EndpointSlice and one Endpoints object per service."""

    def __init__(self, context: SimContext) -> None:
        super().__init__(context)
        self.watch(SERVICES)
        self.follow(PODS, self._pod_changed)
        self._by_label = context.store.index(PODS, "label", _label_terms)
        self._slices = context.store.index(ENDPOINT_SLICES, "service", _service_terms)
        self._services = context.store.index(SERVICES, "selector", _selector_terms)

    def _pod_changed(self, change: Change) -> None:
        namespace = change.key[0]
        for pod in (change.object, change.before):
            for name, value in (pod or {"metadata": {}})["metadata"].get("labels", {}).items():
                for service in self._services.find(f"{namespace}/{name}={value}"):
                    if _selects(service, pod or {}):
                        self.wake(key_of(service))

    def sync(self, key: Key) -> None:
        """Write the addresses behind one service."""
        service = self.context.store.find(SERVICES, *key)
        if service is None or not service["spec"].get("selector"):
            return
        first = next(iter(service["spec"]["selector"].items()))
        pods = [
            pod
            for pod in self._by_label.find(f"{key[0]}/{first[0]}={first[1]}")
            if _selects(service, pod) and not is_finished(pod) and pod["status"].get("podIP")
        ]
        self._write_slice(service, pods)
        self._write_endpoints(service, pods)

    def _write_slice(self, service: Obj, pods: list[Obj]) -> None:
        namespace, name = key_of(service)
        endpoints = [_endpoint(pod) for pod in pods]
        ports = [
            {
                "name": port.get("name", ""),
                "protocol": port["protocol"],
                "port": _number(port, pods),
            }
            for port in service["spec"].get("ports", [])
        ]
        now = stamp(self.context.timeline.now)
        found = self._slices.find(f"{namespace}/{name}")
        if not found:
            meta = {
                "generateName": f"{name}-",
                "namespace": namespace,
                "labels": {
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                    _SERVICE: name,
                },
                "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": now},
                "ownerReferences": [reference(service)],
            }
            body = {"addressType": "IPv4", "endpoints": endpoints, "ports": ports}
            self.context.store.create(ENDPOINT_SLICES, {"metadata": meta, **body})
            return
        if found[0]["endpoints"] == endpoints and found[0]["ports"] == ports:
            return

        def write(piece: Obj) -> None:
            piece["endpoints"] = endpoints
            piece["ports"] = ports
            notes = piece["metadata"].setdefault("annotations", {})
            notes["endpoints.kubernetes.io/last-change-trigger-time"] = now

        self.context.store.edit(ENDPOINT_SLICES, key_of(found[0]), write)

    def _write_endpoints(self, service: Obj, pods: list[Obj]) -> None:
        listed = [pod for pod in pods if not is_terminating(pod)]
        ports = [
            {
                **({"name": port["name"]} if "name" in port else {}),
                "port": _number(port, pods),
                "protocol": port["protocol"],
            }
            for port in service["spec"].get("ports", [])
        ]
        subset = {
            "addresses": [_address(pod) for pod in listed if is_ready(pod)],
            "notReadyAddresses": [_address(pod) for pod in listed if not is_ready(pod)],
        }
        subset = {field: addresses for field, addresses in subset.items() if addresses}
        subsets = [{**subset, "ports": ports}] if subset else []
        key = key_of(service)
        if self.context.store.find(ENDPOINTS, *key) is None:
            meta = {"name": key[1], "namespace": key[0], "ownerReferences": [reference(service)]}
            self.context.store.create(ENDPOINTS, {"metadata": meta, "subsets": subsets})
            return

        def write(endpoints: Obj) -> None:
            endpoints["subsets"] = subsets

        self.context.store.edit(ENDPOINTS, key, write)


def _endpoint(pod: Obj) -> Obj:
    serving, leaving = is_ready(pod), is_terminating(pod)
    endpoint: Obj = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": serving and not leaving,
            "serving": serving,
            "terminating": leaving,
        },
        "targetRef": _target(pod),
        "nodeName": pod["spec"]["nodeName"],
    }
    if "hostname" in pod["spec"]:
        endpoint["hostname"] = pod["spec"]["hostname"]
    return endpoint


def _address(pod: Obj) -> Obj:
    return {
        "ip": pod["status"]["podIP"],
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": _target(pod),
    }


def _target(pod: Obj) -> Obj:
    meta = pod["metadata"]
    return {
        "kind": "Pod",
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
    }


def _number(port: Obj, pods: list[Obj]) -> int:
    """The container port behind a service's port."""
    wanted = port["targetPort"]
    if isinstance(wanted, int):
        return wanted
    for pod in pods:
        for container in pod["spec"]["containers"]:
            for offered in container.get("ports", ()):
                if offered.get("name") == wanted:
                    return int(offered["containerPort"])
    return int(port["port"])


def _selects(service: Obj, pod: Obj) -> bool:
    labels = pod.get("metadata", {}).get("labels", {})
    selector = service["spec"].get("selector") or {}
    return bool(selector) and all(labels.get(k) == v for k, v in selector.items())


def _label_terms(obj: Obj) -> tuple[str, ...]:
    meta = obj["metadata"]
    return tuple(f"{meta['namespace']}/{k}={v}" for k, v in meta.get("labels", {}).items())


def _selector_terms(service: Obj) -> tuple[str, ...]:
    namespace = service["metadata"]["namespace"]
    selector = service["spec"].get("selector") or {}
    return tuple(f"{namespace}/{k}={v}" for k, v in list(selector.items())[:1])


def _service_terms(piece: Obj) -> tuple[str, ...]:
    meta = piece["metadata"]
    return (f"{meta['namespace']}/{meta.get('labels', {}).get(_SERVICE, '')}",)
