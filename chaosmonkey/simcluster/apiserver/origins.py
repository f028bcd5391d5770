"""Keeps pages of browsers away: a page elsewhere could make pods and faults by a simple POST.

kubectl, client libraries and curl call the server by an address, or by a name of its machine, and
send no Origin. A browser on a foreign page sends its Origin, or says that it is cross-site; one
whose name was rebound to this machine sends that name as Host.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping

from chaosmonkey.simcluster.apiserver.refusals import Refusal


class OriginGuard:
    """Knows the names of this machine."""

    def __init__(self) -> None:
        hostname = socket.gethostname().lower()
        self._names = {
            "localhost",
            hostname,
            hostname.partition(".")[0],
            f"{hostname.partition('.')[0]}.local",
        }

    def check(self, headers: Mapping[bytes, str]) -> None:
        """Raises Refusal if a page of another site, or under a foreign name, sends this."""
        host = headers.get(b"host", "")
        if host and not self._is_ours(host):
            raise _forbidden(f"this server is not called {host[:80]!r}")
        origin = headers.get(b"origin")
        if origin is not None and origin.partition("://")[2] != host:
            raise _forbidden(f"a page of {origin[:80]!r} asked for this")
        if headers.get(b"sec-fetch-site") in ("cross-site", "same-site"):
            raise _forbidden("a page of another site asked for this")

    def _is_ours(self, host: str) -> bool:
        """An address is always ours: rebinding needs a name."""
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        name = name.lower().rstrip(".")
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return True


def _forbidden(why: str) -> Refusal:
    return Refusal(403, "Forbidden", f"{why}; use kubectl, a client library or curl")
