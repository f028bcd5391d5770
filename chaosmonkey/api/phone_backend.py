"""Carry out what phones request, whichever way it arrives, and answer.

a phone's session ─► PhoneBackend, either ─► RoomBackend ─► room ─► Ack, once it is on the disk
│                  ▲            └───► Refused
└───► an edge's ───┘ over NATS
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol

from pydantic import ValidationError

from chaosmonkey.access import Caller, Rates, Role
from chaosmonkey.api.context import Context
from chaosmonkey.api.phone_actions import act, joined
from chaosmonkey.api.phone_messages import (
    Ack,
    HelloMessage,
    PhoneMessage,
    PingMessage,
    PressMessage,
    Refused,
)
from chaosmonkey.api.responses import for_the_hall
from chaosmonkey.api.routes.audited import audit
from chaosmonkey.api.transport.work_queue import WorkQueue
from chaosmonkey.audience import Seats
from chaosmonkey.audience.seats import tag
from chaosmonkey.errors import BadInput, ChaosMonkeyError
from chaosmonkey.hub import PhoneStream, Presence

log = logging.getLogger(__name__)

Answer = Callable[[Ack | Refused], None]
Spawn = Callable[[Coroutine[Any, Any, None]], object]


class PhoneBackend(Protocol):
    """What a phone's session needs of the process that serves it.

    Attributes:
        work: works off what phones send.
        presence: counts phones.
        phones: sends phones the latest message.
    """

    rates: Rates
    work: WorkQueue
    presence: Presence
    phones: PhoneStream

    @property
    def ready(self) -> bool:
        """Whether phones can join."""

    @property
    def seats(self) -> Seats:
        """What issues and verifies seats."""

    def check_code(self, code: str | None) -> None:
        """Raises CodeWanted unless it is a valid join code."""

    def welcome(self, number: int, seat: str, answer: Answer, *, proof: str, returns: bool) -> None:
        """Answer a hello.

        Args:
            number: the request's id.
            seat: the phone's seat.
            answer: called once.
            proof: proves the seat at the next hello.
            returns: whether the phone has proved that it had the seat before.
        """

    def carry_out(
        self, seat: str, request: PhoneMessage, *, address: str, answer: Answer, spawn: Spawn
    ) -> None:
        """Carry out a request of a seat.

        Args:
            seat: the phone's seat.
            request: what it requests.
            address: where the phone is, for the audit log.
            answer: called once.
            spawn: runs the task of a press, which may have to wait for a plug.
        """


class RoomBackend:
    """The backend on the table's own server: it has the room.

    Args:
        ctx: the services.
        trusted: whether a press may cut without the presenter's approval, if the round needs none.
    """

    def __init__(self, ctx: Context, *, trusted: bool = True) -> None:
        self._trusted = trusted
        self.rates = ctx.authenticator.rates
        self.ready = True
        self.work = ctx.phone_work
        self.presence = ctx.presence
        self.phones = ctx.phones
        self._ctx = ctx

    @property
    def seats(self) -> Seats:
        """What issues and verifies seats."""
        return self._ctx.seats

    def check_code(self, code: str | None) -> None:
        """Raises CodeWanted unless it is the current or the previous code."""
        self._ctx.room.codes.check(code)

    def welcome(
        self,
        number: int,
        seat: str,
        answer: Answer,
        *,
        proof: str,
        returns: bool,  # noqa: ARG002 - the room knows every seat's part
    ) -> None:
        """Answer a hello."""
        self._acknowledge(number, seat, answer, proof=proof)

    def carry_out(
        self,
        seat: str,
        request: PhoneMessage,
        *,
        address: str,
        answer: Answer,
        spawn: Spawn,
    ) -> None:
        """Carry out a request; an edge's hello only asks for the seat's part in the round."""
        if isinstance(request, PressMessage):
            spawn(self._press(seat, request, address, answer))
            return
        try:
            if not isinstance(request, HelloMessage | PingMessage):  # they change nothing
                act(self._ctx, seat, request.do, request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the phone gets an answer
            answer(refusal(request.id, _known(error, request)))
        else:
            self._acknowledge(request.id, seat, answer)

    def _acknowledge(
        self, number: int, seat: str, answer: Answer, *, proof: str | None = None
    ) -> None:
        """Answer once everything that the request changed is on the disk."""

        def send() -> None:
            answer(Ack("ack", number, joined(self._ctx, seat), proof))

        self._ctx.round_recorder.when_written(partial(self._ctx.phone_work.put, send))

    async def _press(self, seat: str, request: PressMessage, address: str, answer: Answer) -> None:
        ctx = self._ctx
        who = ctx.seats.who(seat)
        refused: ChaosMonkeyError | None = None
        try:
            await ctx.room.press(request.round, who, request.machine, trusted=self._trusted)
        except Exception as error:  # noqa: BLE001 - whatever it is, the phone gets an answer
            refused = _known(error, request)
            answer(refusal(request.id, refused))
        else:
            self._acknowledge(request.id, seat, answer)
        caller = Caller(Role.AUDIENCE, f"seat {tag(who)}", address)
        audit(ctx, caller, f"press {request.machine}", refused)


class RequestFailed(ChaosMonkeyError):
    """The server failed at a phone's request; its log says how."""


def _known(error: Exception, request: PhoneMessage) -> ChaosMonkeyError:
    """Return the error as one of ours; log it if it is not."""
    if isinstance(error, ChaosMonkeyError):
        return error
    log.error("A phone's request failed: %s", request.do, exc_info=error)
    return RequestFailed("The server failed at this.", remedy="Try again.")


def refusal(number: int | None, error: ChaosMonkeyError) -> Refused:
    """Return a refused request's answer."""
    return Refused("refused", number, **for_the_hall(error))


def unreadable(error: ValidationError) -> BadInput:
    """Return a message that is no request as an error that says what to write instead."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or "the message"
    return BadInput(
        f"{where[:80]}: {first['msg'][:200]}.", remedy="docs/protocol.md lists the requests."
    )
