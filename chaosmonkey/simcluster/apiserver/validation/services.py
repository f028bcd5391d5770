"""Validation of services and of the endpoints behind them."""

from __future__ import annotations

import ipaddress

from chaosmonkey.simcluster.apiserver.validation import names
from chaosmonkey.simcluster.apiserver.validation.errors import FieldErrors
from chaosmonkey.simcluster.apiserver.validation.metadata import check_labels
from chaosmonkey.simcluster.apiserver.validation.probes import check_port
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_EXTERNAL = ("LoadBalancer", "NodePort")
_NODE_PORTS = range(30_000, 32_768)
_NOT_AN_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


def check_service(errors: FieldErrors, service: Obj) -> None:
    """Check a service."""
    spec = service["spec"]
    ports, kind = spec.get("ports", []), spec["type"]
    headless = spec.get("clusterIP") == "None"
    if not ports and not headless and kind != "ExternalName":
        errors.required("spec.ports")
    if headless and kind in _EXTERNAL:
        text = f"may not be set to 'None' for {kind} services"
        errors.invalid("spec.clusterIPs[0]", "None", text)
    if kind == "ExternalName":
        _check_external_name(errors, spec)
    known: set[str] = set()
    for number, port in enumerate(ports):
        _check_service_port(errors, port, known, f"spec.ports[{number}]", named=len(ports) > 1)
    check_labels(errors, spec.get("selector"), "spec.selector")
    errors.one_of("spec.sessionAffinity", spec.get("sessionAffinity"), ("ClientIP", "None"))
    _check_sticky(errors, spec)
    address = spec.get("clusterIP", "")
    if address and not headless and kind != "ExternalName" and not _is_ip(address):
        errors.invalid("spec.clusterIPs[0]", address, _NOT_AN_IP)
    for number, ip in enumerate(spec.get("externalIPs", ())):
        if not _is_ip(ip):
            errors.invalid(f"spec.externalIPs[{number}]", ip, _NOT_AN_IP)
    errors.one_of("spec.type", kind, _TYPES)
    _check_node_ports(errors, ports, kind)
    _check_policies(errors, spec)


def _check_external_name(errors: FieldErrors, spec: Obj) -> None:
    for field in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(field):
            errors.forbidden(f"spec.{field}", "may not be set for ExternalName services")
    if target := spec.get("externalName", "").removesuffix("."):
        errors.invalid("spec.externalName", target, *names.subdomain(target))
    else:
        errors.required("spec.externalName")


def _check_service_port(
    errors: FieldErrors, port: Obj, known: set[str], path: str, *, named: bool
) -> None:
    if name := port.get("name"):
        errors.invalid(f"{path}.name", name, *names.label(name))
        if name in known:
            errors.duplicate(f"{path}.name", name)
        known.add(name)
    elif named:
        errors.required(f"{path}.name")
    number = port.get("port", 0)
    errors.invalid(f"{path}.port", number, *names.port_number(number))
    errors.one_of(f"{path}.protocol", port.get("protocol"), _PROTOCOLS)
    check_port(errors, port.get("targetPort", 0), f"{path}.targetPort")
    if protocol := port.get("appProtocol"):
        errors.invalid(f"{path}.appProtocol", protocol, *names.qualified(protocol))


def _check_sticky(errors: FieldErrors, spec: Obj) -> None:
    if spec.get("sessionAffinity") == "ClientIP":
        seconds = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"]
        if not 0 < seconds <= 86_400:
            path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
            errors.invalid(path, seconds, "must be greater than 0 and less than 86400")


def _check_node_ports(errors: FieldErrors, ports: list[Obj], kind: str) -> None:
    taken: set[tuple[str, int]] = set()
    listed: set[tuple[str, int]] = set()
    for number, port in enumerate(ports):
        path, protocol = f"spec.ports[{number}]", port.get("protocol", "")
        node_port = port.get("nodePort", 0)
        if node_port and kind == "ClusterIP":
            text = "may not be used when `type` is 'ClusterIP'"
            errors.forbidden(f"{path}.nodePort", text)
        elif node_port and node_port not in _NODE_PORTS:
            text = (
                "provided port is not in the valid range. The range of valid ports is "
                f"{_NODE_PORTS.start}-{_NODE_PORTS.stop - 1}"
            )
            errors.invalid(f"{path}.nodePort", node_port, text)
        if node_port and (protocol, node_port) in taken:
            errors.duplicate(f"{path}.nodePort", node_port)
        taken.add((protocol, node_port))
        if (protocol, port.get("port", 0)) in listed:
            errors.duplicate(path, _go_port(protocol, port.get("port", 0)))
        listed.add((protocol, port.get("port", 0)))


def _go_port(protocol: str, port: int) -> Obj:
    """A port as Go prints it, by the names of its internal fields."""
    return {
        "Name": "",
        "Protocol": protocol,
        "AppProtocol": None,
        "Port": port,
        "TargetPort": 0,
        "NodePort": 0,
    }


def _check_policies(errors: FieldErrors, spec: Obj) -> None:
    external = spec["type"] in _EXTERNAL or (spec["type"] == "ClusterIP" and "externalIPs" in spec)
    policy = spec.get("externalTrafficPolicy")
    if external:
        errors.one_of("spec.externalTrafficPolicy", policy, ("Cluster", "Local"))
    elif policy is not None:
        text = "may only be set for externally-accessible services"
        errors.invalid("spec.externalTrafficPolicy", policy, text)
    if spec.get("internalTrafficPolicy") not in {None, "Cluster", "Local"}:
        found = spec["internalTrafficPolicy"]
        errors.not_supported("spec.internalTrafficPolicy", found, ("Cluster", "Local"))
    if "allocateLoadBalancerNodePorts" in spec and spec["type"] != "LoadBalancer":
        text = "may only be used when `type` is 'LoadBalancer'"
        errors.forbidden("spec.allocateLoadBalancerNodePorts", text)


def check_changed_service(errors: FieldErrors, service: Obj, before: Obj) -> None:
    """Check a changed service: it keeps its address."""
    new, old = service["spec"], before["spec"]
    if "ExternalName" in {new["type"], old.get("type")}:
        return
    if old.get("clusterIP") and new.get("clusterIP") != old["clusterIP"]:
        errors.invalid("spec.clusterIPs[0]", [new.get("clusterIP")], "may not change once set")


def check_endpoints(errors: FieldErrors, endpoints: Obj) -> None:
    """Check Endpoints."""
    for number, subset in enumerate(endpoints.get("subsets", ())):
        path = f"subsets[{number}]"
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            errors.required(path, "must specify `addresses` or `notReadyAddresses`")
        for kind in ("addresses", "notReadyAddresses"):
            for index, address in enumerate(subset.get(kind, ())):
                if not _is_ip(ip := address.get("ip", "")):
                    errors.invalid(f"{path}.{kind}[{index}].ip", ip, _NOT_AN_IP)
        ports = subset.get("ports", [])
        for index, port in enumerate(ports):
            at = f"{path}.ports[{index}]"
            if name := port.get("name"):
                errors.invalid(f"{at}.name", name, *names.label(name))
            elif len(ports) > 1:
                errors.required(f"{at}.name")
            number_ = port.get("port", 0)
            errors.invalid(f"{at}.port", number_, *names.port_number(number_))
            errors.one_of(f"{at}.protocol", port.get("protocol"), _PROTOCOLS)


def check_endpoint_slice(errors: FieldErrors, piece: Obj) -> None:
    """Check an EndpointSlice."""
    kind = piece.get("addressType", "")
    errors.one_of("addressType", kind, ("FQDN", "IPv4", "IPv6"))
    for number, endpoint in enumerate(piece.get("endpoints", ())):
        path = f"endpoints[{number}].addresses"
        addresses = endpoint.get("addresses", [])
        if not addresses:
            errors.required(path, "must contain at least 1 address")
        for index, address in enumerate(addresses):
            if kind == "FQDN":
                errors.invalid(f"{path}[{index}]", address, *names.subdomain(address))
            elif not _is_ip(address):
                errors.invalid(f"{path}[{index}]", address, _NOT_AN_IP)
    known: set[str] = set()
    for number, port in enumerate(piece.get("ports", ())):
        path, name = f"ports[{number}]", port.get("name", "")
        if name in known:
            errors.duplicate(f"{path}.name", name)
        known.add(name)
        if name:
            errors.invalid(f"{path}.name", name, *names.label(name))
        if port.get("protocol") not in _PROTOCOLS:
            errors.not_supported(f"{path}.protocol", port.get("protocol"), _PROTOCOLS)


def check_changed_endpoint_slice(errors: FieldErrors, piece: Obj, before: Obj) -> None:
    """Check a changed EndpointSlice."""
    errors.immutable("addressType", piece.get("addressType"), before.get("addressType"))


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
