"""What the link needs of the server whose table it publishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from chaosmonkey.scale.messages import SeatRules


@dataclass(frozen=True, slots=True)
class LinkedRequest:
    """A request of an edge's phone.

    Attributes:
        edge: the edge's name.
        at: the table's time when the phone sent it.
        answer: to be called once, as soon as what it changed is on the disk.
    """

    edge: str
    seat: str
    body: dict[str, Any]
    at: float
    answer: Callable[[dict[str, Any] | None, dict[str, Any] | None], None]


class Table(Protocol):
    """What the link needs of the server."""

    def play(self) -> bytes | None:
        """Return the phones' latest message as JSON; None if there is none yet."""

    def seat_rules(self) -> SeatRules:
        """Return how edges verify seats, now."""

    def carry_out(self, request: LinkedRequest) -> None:
        """Carry out a request, and answer it."""
