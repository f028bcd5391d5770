"""Limit connections, so that neither one address nor idle clients take all of them.

    connect ──► evictable ──a whole request──► active ──upgrade──► listener (a websocket)
                   └─ the oldest is evicted when the limit is reached

A connection beyond the limits gets 503 and may retry.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from functools import lru_cache
from typing import Protocol

from uvicorn.server import ServerState

MOST = 6000
"""Connections at once: 2,000 phones with a websocket and, while the page loads, two more each."""

MOST_FROM_ONE = 4000
"""Connections at once from one address: enough for 2,000 phones behind one NAT, and leaves room
for other addresses."""

MOST_LISTENING = 4500
"""Websockets at once. The remainder of `MOST` is for requests, so that HALT always gets through;
all of them take about 100 MB."""

MOST_LISTENING_FROM_ONE = 3000
"""Websockets at once from one address. The remainder of `MOST_FROM_ONE` is for its requests."""


REMEMBERED = 4096
"""Addresses whose key is remembered: those of a hall. Each needs its key about ten times."""


class Evictable(Protocol):
    """A connection that has not sent a complete request yet."""

    def dismiss(self) -> None:
        """Close at once, to make room."""


class ConnectionLimits(ServerState):
    """uvicorn's set of connections, with a count by address.

    Args:
        most: connections at once, if the system allows fewer than `MOST`.
    """

    def __init__(self, most: int = MOST) -> None:
        super().__init__()
        self._most = most
        self._here: Counter[str] = Counter()
        self._listening: Counter[str] = Counter()
        self._evictable: dict[Evictable, str] = {}

    @property
    def here(self) -> int:
        """The number of connections."""
        return self._here.total()

    @property
    def listening(self) -> int:
        """The number of websockets."""
        return self._listening.total()

    def admit(self, connection: Evictable, address: str) -> bool:
        """Admit a new connection if there is room; an idle one may be evicted for it."""
        full_of_it = self._here[address] >= MOST_FROM_ONE
        if (full_of_it or self.here >= self._most) and not self._make_room(
            address if full_of_it else None
        ):
            return False
        self._here[address] += 1
        self._evictable[connection] = address
        return True

    def mark_active(self, connection: Evictable) -> None:
        """Record that a connection has sent a request; it is no longer evicted."""
        self._evictable.pop(connection, None)

    def admit_listener(self, address: str) -> bool:
        """Admit a connection as a websocket if there is room."""
        if self._listening[address] >= MOST_LISTENING_FROM_ONE or self.listening >= MOST_LISTENING:
            return False
        self._listening[address] += 1
        return True

    def left(self, address: str, *, listened: bool = False) -> None:
        """Remove an admitted connection that has ended."""
        for count in (self._here, self._listening) if listened else (self._here,):
            count[address] -= 1
            if not count[address]:
                del count[address]

    def _make_room(self, address: str | None) -> bool:
        """Evict the oldest idle connection, of an address or of any."""
        for connection, its_address in self._evictable.items():
            if address in (None, its_address):
                del self._evictable[connection]
                connection.dismiss()
                return True
        return False


def address_of(client: tuple[str, int] | None) -> str:
    """Return the key that counts as one address: of IPv6 the /64 network of a household."""
    return "" if client is None else _counted_as(client[0])


@lru_cache(maxsize=REMEMBERED)
def _counted_as(host: str) -> str:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
