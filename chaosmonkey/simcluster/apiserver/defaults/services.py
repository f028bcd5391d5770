"""Defaults of services and of the endpoints behind them."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.defaults.pods import fill
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_STICKY = 10_800
"""Seconds for which a client keeps its pod (DefaultClientIPServiceAffinitySeconds)."""

_EXTERNAL = {"NodePort", "LoadBalancer"}


def default_service(service: Obj) -> None:
    """Fill in a service; its addresses are allocated later."""
    spec = service.setdefault("spec", {})
    fill(spec, type="ClusterIP", sessionAffinity="None")
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        config = spec.setdefault("sessionAffinityConfig", {})
        config.setdefault("clientIP", {}).setdefault("timeoutSeconds", _STICKY)
    for port in spec.get("ports", ()):
        fill(port, port=0, protocol="TCP")
        if port.get("targetPort") in {None, 0, ""}:
            port["targetPort"] = port["port"]
    external = spec["type"] in _EXTERNAL or (spec["type"] == "ClusterIP" and "externalIPs" in spec)
    if external:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] in {"ClusterIP", *_EXTERNAL}:
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)


def default_endpoints(endpoints: Obj) -> None:
    """Fill in the ports of Endpoints."""
    for subset in endpoints.get("subsets", ()):
        for port in subset.get("ports", ()):
            fill(port, port=0, protocol="TCP")


def default_endpoint_slice(piece: Obj) -> None:
    """Fill in the ports of an EndpointSlice."""
    fill(piece, endpoints=[], ports=[])
    for port in piece["ports"]:
        fill(port, name="", protocol="TCP")
    for endpoint in piece["endpoints"]:
        endpoint.setdefault("conditions", {})
