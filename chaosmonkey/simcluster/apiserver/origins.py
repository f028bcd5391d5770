"""Refuses requests from web pages: a foreign page could create pods or faults by a simple POST.

kubectl, client libraries and curl call the server by an address, or by a name of its machine, and
send no Origin. A browser on a foreign page sends an Origin, or a Sec-Fetch-Site that marks the
request as cross-site. After DNS rebinding, it sends the rebound name as Host.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping

from chaosmonkey.simcluster.apiserver.refusals import Refusal


class OriginGuard:
    """Checks the Host, Origin and Sec-Fetch-Site of each request."""

    def __init__(self) -> None:
        hostname = socket.gethostname().lower()
        self._names = {
            "localhost",
            hostname,
            hostname.partition(".")[0],
            f"{hostname.partition('.')[0]}.local",
        }

    def check(self, headers: Mapping[bytes, str]) -> None:
        """Refuse a request from a page of another site or under a foreign name, with 403."""
        host = headers.get(b"host", "")
        if host and not self._is_ours(host):
            raise _forbidden(f"this server does not answer to the name {host[:80]!r}")
        origin = headers.get(b"origin")
        if origin is not None and origin.partition("://")[2] != host:
            raise _forbidden(f"the request came from a page of {origin[:80]!r}")
        if headers.get(b"sec-fetch-site") in ("cross-site", "same-site"):
            raise _forbidden("the request came from a page of another site")

    def _is_ours(self, host: str) -> bool:
        """Whether the host is this machine. Any address is: DNS rebinding needs a name."""
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        name = name.lower().rstrip(".")
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return True


def _forbidden(why: str) -> Refusal:
    return Refusal(403, "Forbidden", f"{why}; use kubectl, a client library or curl")
