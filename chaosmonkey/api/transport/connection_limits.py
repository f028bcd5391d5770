"""Limit connections, so that neither one address nor idle clients take all of them.

    connect ──► evictable ──a whole request──► active ──upgrade──► listener (a websocket)
                   └─ the oldest is evicted when the limit is reached

A connection beyond the limits gets 503 and may retry.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from uvicorn.server import ServerState


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many connections there may be at once.

    Attributes:
        most: all: 2,000 phones with a websocket and, while the page loads, two more each.
        most_from_one: from one address: enough for 2,000 phones behind one NAT, and leaves room
            for other addresses.
        most_listening: websockets. The remainder of `most` is for requests, so that HALT always
            gets through; all of them take about 100 MB.
        most_listening_from_one: websockets from one address. The remainder of `most_from_one` is
            for its requests.
        proxies: networks whose addresses are not limited, because others are behind them.
    """

    most: int = 6000
    most_from_one: int = 4000
    most_listening: int = 4500
    most_listening_from_one: int = 3000
    proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()

    def limits(self, address: str) -> bool:
        """Whether the limits of one address apply to an address."""
        if not self.proxies:
            return True
        try:
            found = ipaddress.ip_interface(address).ip
        except ValueError:
            return True
        return not any(found in proxies for proxies in self.proxies)


REMEMBERED = 4096
"""Addresses whose key is remembered: those of a hall. Each needs its key about ten times."""


class Evictable(Protocol):
    """A connection that has not sent a complete request yet."""

    def dismiss(self) -> None:
        """Close at once, to make room."""


class ConnectionLimits(ServerState):
    """uvicorn's set of connections, with a count by address.

    Args:
        capacity: how many there may be.
        allowed: how many the system allows.
    """

    def __init__(self, capacity: Capacity = Capacity(), *, allowed: int | None = None) -> None:
        super().__init__()
        self.capacity = capacity
        self._most = capacity.most if allowed is None else min(capacity.most, allowed)
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
        capacity = self.capacity
        full_of_it = self._here[address] >= capacity.most_from_one and capacity.limits(address)
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
        capacity = self.capacity
        if self.listening >= capacity.most_listening:
            return False
        full_of_it = self._listening[address] >= capacity.most_listening_from_one
        if full_of_it and capacity.limits(address):
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
