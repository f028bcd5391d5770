"""The backend of an edge: it verifies seats, and passes on what they request."""

from __future__ import annotations

from typing import Any

from chaosmonkey.access import Rates
from chaosmonkey.api.phone_actions import Joined
from chaosmonkey.api.phone_backend import Answer, Spawn, refusal
from chaosmonkey.api.phone_messages import (
    Ack,
    GuessMessage,
    HelloMessage,
    NameMessage,
    PhoneMessage,
    PingMessage,
    PressMessage,
    Refused,
    RoundMessage,
    VoteMessage,
)
from chaosmonkey.api.transport.work_queue import WorkQueue
from chaosmonkey.audience import Seats
from chaosmonkey.audience.join_codes import CodeWanted, check_code
from chaosmonkey.audience.seats import tag
from chaosmonkey.edge.outbox import NotDelivered, Outbox, Refusal
from chaosmonkey.edge.table_copy import TableCopy
from chaosmonkey.errors import ChaosMonkeyError
from chaosmonkey.hub import PhoneStream, Presence


class EdgeBackend:
    """What the sessions of an edge's phones need; see `api.phone_backend.PhoneBackend`."""

    def __init__(
        self,
        table: TableCopy,
        outbox: Outbox,
        *,
        rates: Rates,
        presence: Presence,
        phones: PhoneStream,
    ) -> None:
        self.rates = rates
        self.work = WorkQueue()
        self.presence = presence
        self.phones = phones
        self._table = table
        self._outbox = outbox

    @property
    def ready(self) -> bool:
        """Whether phones can join: the table was reached at least once."""
        return self._table.seats is not None and self._table.has_play

    @property
    def seats(self) -> Seats:
        """What issues and verifies seats; only if `ready`."""
        assert self._table.seats is not None
        return self._table.seats

    def check_code(self, code: str | None) -> None:
        """Raises CodeWanted unless it is a join code that was valid when the table last said so.

        Raises:
            NotDelivered: it may be a newer one that this edge does not know.
        """
        assert self._table.rules is not None
        try:
            check_code(code, self._table.rules.codes)
        except CodeWanted:
            if not code or self._table.lost_at is None:
                raise
            raise NotDelivered(
                "The link to the table is down, so this code cannot be checked.",
                remedy="Try again when it is back.",
            ) from None

    def welcome(self, number: int, seat: str, answer: Answer, *, proof: str, returns: bool) -> None:
        """Answer a hello: a new seat has done nothing yet, an old one asks the table."""
        if not returns:
            answer(Ack("ack", number, self._you(seat, {}), proof))
            return
        hello = HelloMessage(id=number, do="hello")
        self._pass_on(hello, seat, answer, proof=proof)

    def carry_out(
        self,
        seat: str,
        request: PhoneMessage,
        *,
        address: str,  # noqa: ARG002 - the table does not need it
        answer: Answer,
        spawn: Spawn,  # noqa: ARG002 - nothing waits here
    ) -> None:
        """Pass a request on; a press only while the link works."""
        if isinstance(request, PressMessage) and self._table.lost_at is not None:
            raise NotDelivered(
                "The link to the table is down, and a press is not kept.",
                remedy="Press when it is back.",
            )
        self._pass_on(request, seat, answer)

    def _pass_on(
        self, request: PhoneMessage, seat: str, answer: Answer, *, proof: str | None = None
    ) -> None:
        def receive(you: dict[str, Any] | None, refused: Refusal) -> None:
            if isinstance(refused, ChaosMonkeyError):
                answer(refusal(request.id, refused))
            elif refused is not None:
                answer(Refused("refused", request.id, **refused))
            else:
                answer(Ack("ack", request.id, self._you(seat, you or {}), proof))

        self._outbox.add(
            request.model_dump(exclude_none=True),
            seat=seat,
            at=self._table.time.now(),
            key=f"{_about(request)} {self.seats.who(seat)}",
            once=isinstance(request, PressMessage),
            answer=receive,
        )

    def _you(self, seat: str, part: dict[str, Any]) -> Joined:
        return Joined(
            seat=seat,
            tag=tag(self.seats.who(seat)),
            name=part.get("name", ""),
            round=part.get("round"),
            ticket=part.get("ticket"),
            voted=part.get("voted"),
            guess=part.get("guess"),
            withdrawn=part.get("withdrawn", False),
        )


def _about(request: PhoneMessage) -> str:
    """Return what makes a seat's request the same as another: round, what and value."""
    match request:
        case VoteMessage() | PressMessage():
            return f"{request.round} {request.do} {request.machine}"
        case GuessMessage():
            return f"{request.round} {request.do} {request.seconds:g}"
        case NameMessage():
            return f"{request.do} {request.id} {request.name}"
        case RoundMessage():
            return f"{request.round} {request.do}"
        case HelloMessage() | PingMessage():
            return f"{request.do} {request.id}"
