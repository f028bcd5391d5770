"""Under which address phones reach this server, and what this machine is called."""

from __future__ import annotations

import socket

from chaosmonkey.config import Limits, Server

UNROUTED = ("10.255.255.255", 1)
"""Nothing is sent there: connecting a datagram socket only asks the kernel for the way out."""


def own_url(server: Server, port: int) -> str:
    """Where others reach this server: the configured URL, or its address in its network."""
    if server.public_url:
        return server.public_url.rstrip("/")
    host = _own_address() if server.anywhere else server.local_host
    return f"http://{host}{'' if port == 80 else f':{port}'}"


def join_url(server: Server, port: int) -> str:
    """Where phones join."""
    return own_url(server, port) + "/play"


def own_names(settings: Limits) -> frozenset[str]:
    """Names and addresses by which Kubernetes may know the machine that this server runs on."""
    host = socket.gethostname().lower()
    found = {settings.own_node, host, host.partition(".")[0], _own_address()}
    return frozenset(name for name in found if name and not name.startswith("127."))


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        try:
            way_out.connect(UNROUTED)
            return str(way_out.getsockname()[0])
        except OSError:
            return "127.0.0.1"
