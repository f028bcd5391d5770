"""Who takes part in a round, and with what: one entry a seat, and it stays.

The round's value holds the counts; the entries stand here, so that a ballot costs the same whether
it is the first or the two-thousandth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ballot:
    """One seat's part in a round.

    Attributes:
        ticket: its number, as everyone may call it: 1 for the first.
        who: the seat, as `Seats.who` knows it.
        value: the machine voted for, the seconds bet on, or "".
    """

    ticket: int
    who: str
    value: str
    at: float


class BallotBox:
    """The entries of one round."""

    def __init__(self, entries: Iterable[Ballot] = ()) -> None:
        self._by_ticket: list[Ballot] = sorted(entries, key=lambda entry: entry.ticket)
        self._by_who = {entry.who: entry for entry in self._by_ticket}

    def __len__(self) -> int:
        return len(self._by_ticket)

    def __iter__(self) -> Iterator[Ballot]:
        """In the order in which they came."""
        return iter(self._by_ticket)

    def of(self, who: str) -> Ballot | None:
        """The entry of a seat."""
        return self._by_who.get(who)

    def ticket(self, ticket: int) -> Ballot | None:
        """The entry with a number."""
        return self._by_ticket[ticket - 1] if 0 < ticket <= len(self._by_ticket) else None

    def add(self, who: str, value: str, at: float) -> Ballot:
        """Put in the entry of a seat that has none."""
        assert who not in self._by_who
        entry = Ballot(len(self._by_ticket) + 1, who, value, at)
        self._by_ticket.append(entry)
        self._by_who[who] = entry
        return entry
