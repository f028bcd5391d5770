"""The entries of a round: one per seat, never changed.

`Round` holds only the counts. The entries are kept here, so that the two-thousandth ballot costs
no more than the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ballot:
    """One seat's entry in a round.

    Attributes:
        ticket: its public number; the first is 1.
        who: the seat, as returned by `Seats.who`.
        value: the machine voted for, the seconds guessed, or "".
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
        """Iterate in the order of arrival."""
        return iter(self._by_ticket)

    def of(self, who: str) -> Ballot | None:
        """Return the entry of a seat, if it has one."""
        return self._by_who.get(who)

    def ticket(self, ticket: int) -> Ballot | None:
        """Return the entry with this ticket number, if there is one."""
        return self._by_ticket[ticket - 1] if 0 < ticket <= len(self._by_ticket) else None

    def add(self, who: str, value: str, at: float) -> Ballot:
        """Add the entry of a seat that has none yet."""
        assert who not in self._by_who
        entry = Ballot(len(self._by_ticket) + 1, who, value, at)
        self._by_ticket.append(entry)
        self._by_who[who] = entry
        return entry
