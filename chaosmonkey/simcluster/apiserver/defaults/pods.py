"""Defaults of pods, and of the templates in workloads."""

from __future__ import annotations

import re
from typing import Any

from chaosmonkey.simcluster.apiserver.defaults.volumes import default_volume
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.quantities import round_up_to_milli

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_TAG = re.compile(r":([\w.-]+)$")


def default_pod(pod: Obj) -> None:
    """Fill in a pod (SetDefaults_Pod)."""
    spec = pod.setdefault("spec", {})
    default_pod_spec(spec)
    for container in [*spec["containers"], *spec.get("initContainers", ())]:
        resources = container["resources"]
        if limits := resources.get("limits"):
            resources["requests"] = limits | resources.get("requests", {})
    spec.setdefault("enableServiceLinks", True)
    if spec.get("hostNetwork"):
        for container in [*spec["containers"], *spec.get("initContainers", ())]:
            for port in container.get("ports", ()):
                port.setdefault("hostPort", port["containerPort"])


def default_template(owner: Obj) -> None:
    """Fill in the pod template in a workload's spec."""
    template = owner.setdefault("template", {})
    template.setdefault("metadata", {})
    default_pod_spec(template.setdefault("spec", {}))


def default_pod_spec(spec: Obj) -> None:
    """Fill in a pod's spec (SetDefaults_PodSpec)."""
    fill(
        spec,
        containers=[],
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )
    if account := spec.get("serviceAccountName") or spec.get("serviceAccount"):
        # The old name of the field follows the new one.
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for kind in _CONTAINERS:
        for container in spec.get(kind, ()):
            _container(container)
    for volume in spec.get("volumes", ()):
        default_volume(volume)
    _resources(spec.get("resources", {}))


def _container(container: Obj) -> None:
    for port in container.get("ports", ()):
        fill(port, containerPort=0, protocol="TCP")
    for variable in container.get("env", ()):
        if reference := variable.get("valueFrom", {}).get("fieldRef"):
            reference.setdefault("apiVersion", "v1")
    for kind in _PROBES:
        if kind in container:
            _probe(container[kind])
    for hook in container.get("lifecycle", {}).values():
        if isinstance(hook, dict):
            _http_get(hook)
    _resources(container.setdefault("resources", {}))
    image = container.get("image", "")
    fill(
        container,
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy="Always" if _tag(image) == "latest" else "IfNotPresent",
    )


def _tag(image: str) -> str:
    """An image's tag; `latest` if it has neither tag nor digest."""
    if not image or "@" in image:
        return ""
    found = _TAG.search(image.rpartition("/")[2])
    return found[1] if found else "latest"


def _probe(probe: Obj) -> None:
    _http_get(probe)
    if "grpc" in probe:
        probe["grpc"].setdefault("service", "")
    fill(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)


def _http_get(action: Obj) -> None:
    if "httpGet" in action:
        fill(action["httpGet"], path="/", scheme="HTTP")


def _resources(resources: Obj) -> None:
    """Round amounts up to thousandths, as the API server does."""
    for kind in ("limits", "requests"):
        for name, amount in resources.get(kind, {}).items():
            resources[kind][name] = round_up_to_milli(amount)


def fill(obj: Obj, **defaults: Any) -> None:
    """Add the fields that an object lacks."""
    for field, value in defaults.items():
        obj.setdefault(field, value)
