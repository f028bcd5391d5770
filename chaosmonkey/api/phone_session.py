"""One phone's requests over its websocket.

    message ─► work queue ─► parsed ─► hello: a seat
                                  └──► vote, …: the room ─► on the disk ─► Ack
                                                      └─► Refused

No task and no timer belongs to a phone, except while its press waits for a plug.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import orjson
from pydantic import ValidationError

from chaosmonkey.access import Caller, Rate, Role, TooMany
from chaosmonkey.api.context import Context
from chaosmonkey.api.middleware.authentication import neighbourhood
from chaosmonkey.api.phone_actions import NoSeat, act, joined
from chaosmonkey.api.phone_messages import (
    PHONE_MESSAGE,
    Ack,
    HelloMessage,
    PhoneMessage,
    PingMessage,
    Pong,
    PressMessage,
    Refused,
)
from chaosmonkey.api.responses import for_the_hall
from chaosmonkey.api.routes.audited import audit
from chaosmonkey.api.transport.client_limits import framed
from chaosmonkey.api.transport.phone_connection import PhoneConnection
from chaosmonkey.audience.seats import tag
from chaosmonkey.errors import BadInput, ChaosMonkeyError

PATIENCE = 10
"""Messages above the rate limit that are still answered before the connection is closed."""


class PhoneSession:
    """What one connection of a phone may do, and has done.

    Args:
        connection: the phone's websocket.
        address: the client's address.
        cookie: the seat's cookie of the handshake, if any.
    """

    __slots__ = (
        "_address",
        "_bucket",
        "_connection",
        "_ctx",
        "_here",
        "_over",
        "_proof",
        "_seat",
    )  # fmt: skip

    def __init__(
        self, ctx: Context, connection: PhoneConnection, *, address: str, cookie: str | None
    ) -> None:
        self._ctx = ctx
        self._connection = connection
        self._address = address
        self._bucket = ctx.authenticator.rates.bucket(Rate.PRESS)
        self._over = 0
        self._here = ExitStack()
        self._seat: str | None = None
        self._proof = cookie
        seat = ctx.seats.recognise(cookie)
        if seat is not None:
            self._sit(seat)
        self._here.enter_context(ctx.phones.subscribed(connection))
        connection.on_message(self._receive)
        connection.on_close(self._here.close)

    def _receive(self, message: bytes) -> None:
        self._ctx.phone_work.put(partial(self._handle, message))

    def _handle(self, message: bytes) -> None:
        try:
            self._bucket.take()
            self._over = 0
        except TooMany as error:
            self._over += 1
            if self._over > PATIENCE:
                self._connection.dismiss("too many messages")
            else:
                self._refuse(_id_of(message), error)
            return
        try:
            request = PHONE_MESSAGE.validate_json(message)
        except ValidationError as error:
            self._refuse(_id_of(message), _unreadable(error))
            return
        try:
            self._carry_out(request)
        except ChaosMonkeyError as error:
            self._refuse(request.id, error)

    def _carry_out(self, request: PhoneMessage) -> None:
        if isinstance(request, HelloMessage):
            self._hello(request)
            return
        if isinstance(request, PingMessage):
            self._send(Pong("pong", request.id))
            return
        seat = self._seat
        if seat is None:
            raise NoSeat("This phone has no seat.", remedy="Send a hello first.")
        if isinstance(request, PressMessage):
            self._connection.spawn(self._press(seat, request))
            return
        act(self._ctx, seat, request.do, request)
        self._acknowledge(request.id, seat)

    def _hello(self, request: HelloMessage) -> None:
        ctx = self._ctx
        proof = request.proof or self._proof
        if ctx.seats.recognise(proof) is None:
            ctx.authenticator.rates.count(Rate.JOIN, neighbourhood(self._address))
            ctx.room.codes.check(request.code)
        seat, self._proof = ctx.seats.join(request.seat, proof)
        if seat != self._seat:
            self._sit(seat)
        self._acknowledge(request.id, seat, proof=self._proof)

    def _sit(self, seat: str) -> None:
        self._seat = seat
        if not self._connection.has_ended:  # its hello may have waited in the queue until then
            self._here.enter_context(self._ctx.presence.seated(seat))

    async def _press(self, seat: str, request: PressMessage) -> None:
        ctx = self._ctx
        who = ctx.seats.who(seat)
        refused: ChaosMonkeyError | None = None
        try:
            await ctx.room.press(request.round, who, request.machine)
        except ChaosMonkeyError as error:
            refused = error
            self._refuse(request.id, error)
        else:
            self._acknowledge(request.id, seat)
        caller = Caller(Role.AUDIENCE, f"seat {tag(who)}", self._address)
        audit(ctx, caller, f"press {request.machine}", refused)

    def _acknowledge(self, number: int, seat: str, *, proof: str | None = None) -> None:
        """Answer once everything that the request changed is on the disk."""

        def send() -> None:
            self._send(Ack("ack", number, joined(self._ctx, seat), proof))

        self._ctx.round_recorder.when_written(partial(self._ctx.phone_work.put, send))

    def _refuse(self, number: int | None, error: ChaosMonkeyError) -> None:
        self._send(Refused("refused", number, **for_the_hall(error)))

    def _send(self, answer: Ack | Pong | Refused) -> None:
        self._connection.send(framed(orjson.dumps(answer)))


def _unreadable(error: ValidationError) -> BadInput:
    """A message that is no request, as an error that says what to write instead."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or "the message"
    return BadInput(
        f"{where[:80]}: {first['msg'][:200]}.", remedy="docs/protocol.md lists the requests."
    )


def _id_of(message: bytes) -> int | None:
    """The id of a message that is no request otherwise, if it has one."""
    try:
        found = orjson.loads(message)
    except ValueError:
        return None
    number = found.get("id") if isinstance(found, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None
