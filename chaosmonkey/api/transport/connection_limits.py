"""Who is connected and who is let in: neither one address nor loiterers take all the room.

    connect ──► stranger ──a whole request──► guest ──upgrade──► listener (a websocket)
                   └─ the first to go when it is full

Whoever finds no room is told 503 and may come back.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import Protocol

from uvicorn.server import ServerState

MOST = 6000
"""Connections at once: 2,000 phones with a websocket and, while the page loads, two more each."""

MOST_FROM_ONE = 4000
"""Connections at once from one address: 2,000 phones behind one NAT find room, and others beside
them."""

MOST_LISTENING = 4500
"""Websockets at once. The rest of `MOST` is for requests, so that HALT is always heard; all of them
take about 100 MB."""

MOST_LISTENING_FROM_ONE = 3000
"""Websockets at once from one address. The rest of `MOST_FROM_ONE` is for its requests."""


class Stranger(Protocol):
    """A connection that has not asked for anything yet."""

    def dismiss(self) -> None:
        """Go at once, for somebody else."""


class ConnectionLimits(ServerState):
    """uvicorn's record of its connections, and a count of them by address.

    Args:
        most: connections at once, where the system allows fewer than `MOST`.
    """

    def __init__(self, most: int = MOST) -> None:
        super().__init__()
        self._most = most
        self._here: Counter[str] = Counter()
        self._listening: Counter[str] = Counter()
        self._strangers: dict[Stranger, str] = {}

    @property
    def here(self) -> int:
        """How many connections there are."""
        return self._here.total()

    @property
    def listening(self) -> int:
        """How many of them are websockets."""
        return self._listening.total()

    def admit(self, stranger: Stranger, address: str) -> bool:
        """Whether a new connection finds room; a stranger may have to go for it."""
        full_of_it = self._here[address] >= MOST_FROM_ONE
        if (full_of_it or self.here >= self._most) and not self._make_room(
            address if full_of_it else None
        ):
            return False
        self._here[address] += 1
        self._strangers[stranger] = address
        return True

    def knows(self, stranger: Stranger) -> None:
        """It has asked for something: no longer the first to go."""
        self._strangers.pop(stranger, None)

    def admit_listener(self, address: str) -> bool:
        """Whether a connection may become a websocket."""
        if self._listening[address] >= MOST_LISTENING_FROM_ONE or self.listening >= MOST_LISTENING:
            return False
        self._listening[address] += 1
        return True

    def left(self, address: str, *, listened: bool = False) -> None:
        """A connection that was admitted has ended."""
        for count in (self._here, self._listening) if listened else (self._here,):
            count[address] -= 1
            if not count[address]:
                del count[address]

    def _make_room(self, address: str | None) -> bool:
        """Send away who has stood in the door for longest, at an address or anywhere."""
        for stranger, its in self._strangers.items():
            if address in (None, its):
                del self._strangers[stranger]
                stranger.dismiss()
                return True
        return False


def address_of(client: tuple[str, int] | None) -> str:
    """What counts as one address: of IPv6 the network, for a household gets 2^64 of them."""
    if client is None:
        return ""
    try:
        address = ipaddress.ip_address(client[0].partition("%")[0])
    except ValueError:
        return client[0]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
