"""Find the address at which others reach this server, and the names of this machine.

    public_url ─► [server] host ─► of this machine's addresses:
      the one with the default route ─► Wi-Fi, where an audience is ─► any other

Interfaces of containers and pods are skipped, and so is k3s's dummy for a cluster without a
default route.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass

import ifaddr

from chaosmonkey.config import Limits, ServerSettings

log = logging.getLogger(__name__)

UNROUTED = ("10.255.255.255", 1)
"""Connecting a datagram socket sends nothing; it makes the kernel choose the source address."""

INNER = re.compile(
    r"lo\d*$|dummy|docker|br-|veth|virbr|vnet|cni|flannel|cali|kube|cilium|lxc|nodelocaldns|podman"
)
"""Names of interfaces for loopback, containers and pods."""

WIRELESS = re.compile(r"wl|ath|ra\d")
"""Names of Wi-Fi interfaces."""


@dataclass(frozen=True, slots=True)
class Interface:
    """An IPv4 address of this machine."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Reach:
    """How others reach this server.

    Attributes:
        host: a name or an address.
        why: why it was chosen, as the end of a sentence.
        trouble: what is wrong with it, as a sentence; "" if nothing is.
    """

    host: str
    why: str
    trouble: str = ""


def server_url(server: ServerSettings, port: int) -> str:
    """Return the URL of this server for others: `public_url`, or one with its address."""
    if server.public_url:
        return server.public_url.rstrip("/")
    host = reach(server).host
    return f"http://{host}{'' if port == 80 else f':{port}'}"


def join_url(server: ServerSettings, port: int) -> str:
    """Return the URL of the phone page."""
    return server_url(server, port) + "/play"


def reach(server: ServerSettings) -> Reach:
    """Choose the host at which others reach this server."""
    if server.public_url:
        return Reach(server.public_url, "it is [server] public_url")
    if not server.anywhere:
        if server.here_only:
            return Reach(server.local_host, "the server listens on this machine only")
        return Reach(server.local_host, "it is [server] host")
    return choose(_interfaces(), _way_out())


def choose(interfaces: Iterable[Interface], way_out: str) -> Reach:
    """Choose the address of this machine that an audience most likely reaches.

    Args:
        interfaces: all interfaces.
        way_out: the source address of outgoing packets, "" if there is no default route.
    """
    usable = [it for it in interfaces if _leads_here(it)]
    for one in usable:
        if one.address == way_out:
            return _of(one, usable, "it has the default route")
    for one in usable:
        if WIRELESS.match(one.name):
            return _of(one, usable, "there is no default route, and it is Wi-Fi")
    if usable:
        return _of(usable[0], usable, "there is no default route")
    return Reach(
        "127.0.0.1",
        "this machine has no network",
        "No phone reaches this server: the machine has no address in any network.",
    )


def own_names(settings: Limits) -> frozenset[str]:
    """Return the names and addresses by which Kubernetes may know this server's host."""
    host = socket.gethostname().lower()
    found = {settings.own_node, host, host.partition(".")[0]}
    found |= {it.address for it in _interfaces() if _leads_here(it)}
    return frozenset(name for name in found if name and not name.startswith("127."))


def _of(chosen: Interface, usable: list[Interface], because: str) -> Reach:
    others = ", ".join(f"{it.address} ({it.name})" for it in usable if it is not chosen)
    why = f"it is the address of {chosen.name}: {because}"
    return Reach(chosen.address, why + (f"; this machine has {others} too" if others else ""))


def _leads_here(interface: Interface) -> bool:
    address = ipaddress.ip_address(interface.address)
    inner = INNER.match(interface.name.lower())
    return not (inner or address.is_loopback or address.is_link_local or address.is_unspecified)


def _interfaces() -> list[Interface]:
    """List the interfaces; without AF_NETLINK, as in some units, only the default route's."""
    try:
        return [
            Interface(adapter.nice_name, address.ip)
            for adapter in ifaddr.get_adapters()
            for address in adapter.ips
            if isinstance(address.ip, str)
        ]
    except OSError as error:
        log.warning("Cannot list this machine's addresses: %s", error)
        way_out = _way_out()
        return [Interface("the network", way_out)] if way_out else []


def _way_out() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        try:
            way_out.connect(UNROUTED)
            return str(way_out.getsockname()[0])
        except OSError:
            return ""
