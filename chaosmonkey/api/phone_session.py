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

from chaosmonkey.access import Rate, TooMany
from chaosmonkey.api.middleware.authentication import neighbourhood
from chaosmonkey.api.phone_actions import NoSeat
from chaosmonkey.api.phone_backend import PhoneBackend, refusal, unreadable
from chaosmonkey.api.phone_messages import (
    PHONE_MESSAGE,
    Ack,
    HelloMessage,
    PhoneMessage,
    PingMessage,
    Pong,
    Refused,
)
from chaosmonkey.api.transport.client_limits import framed
from chaosmonkey.api.transport.phone_connection import PhoneConnection
from chaosmonkey.errors import ChaosMonkeyError

PATIENCE = 10
"""Messages above the rate limit that are still answered before the connection is closed."""


class PhoneSession:
    """What one connection of a phone may do, and has done.

    Args:
        backend: carries out what the phone requests.
        connection: the phone's websocket.
        address: the client's address.
        cookie: the seat's cookie of the handshake, if any.
    """

    __slots__ = (
        "_address",
        "_backend",
        "_bucket",
        "_connection",
        "_here",
        "_over",
        "_proof",
        "_seat",
    )  # fmt: skip

    def __init__(
        self,
        backend: PhoneBackend,
        connection: PhoneConnection,
        *,
        address: str,
        cookie: str | None = None,
    ) -> None:
        self._backend = backend
        self._connection = connection
        self._address = address
        self._bucket = backend.rates.bucket(Rate.PRESS)
        self._over = 0
        self._here = ExitStack()
        self._seat: str | None = None
        self._proof = cookie
        seat = backend.seats.recognise(cookie)
        if seat is not None:
            self._sit(seat)
        self._here.enter_context(backend.phones.subscribed(connection))
        connection.on_message(self._receive)
        connection.on_close(self._here.close)

    def _receive(self, message: bytes) -> None:
        self._backend.work.put(partial(self._handle, message))

    def _handle(self, message: bytes) -> None:
        try:
            self._bucket.take()
            self._over = 0
        except TooMany as error:
            self._over += 1
            if self._over > PATIENCE:
                self._connection.dismiss("too many messages")
            else:
                self._send(refusal(_id_of(message), error))
            return
        try:
            request = PHONE_MESSAGE.validate_json(message)
        except ValidationError as error:
            self._send(refusal(_id_of(message), unreadable(error)))
            return
        try:
            self._carry_out(request)
        except ChaosMonkeyError as error:
            self._send(refusal(request.id, error))

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
        self._backend.carry_out(
            seat,
            request,
            address=self._address,
            answer=self._send,
            spawn=self._connection.spawn,
        )

    def _hello(self, request: HelloMessage) -> None:
        backend = self._backend
        proof = request.proof or self._proof
        returns = backend.seats.recognise(proof) is not None
        if not returns:
            backend.rates.count(Rate.JOIN, neighbourhood(self._address))
            backend.check_code(request.code)
        seat, self._proof = backend.seats.join(request.seat, proof)
        if seat != self._seat:
            self._sit(seat)
        backend.welcome(request.id, seat, self._send, proof=self._proof, returns=returns)

    def _sit(self, seat: str) -> None:
        self._seat = seat
        if not self._connection.has_ended:  # its hello may have waited in the queue until then
            self._here.enter_context(self._backend.presence.seated(seat))

    def _send(self, answer: Ack | Pong | Refused) -> None:
        self._connection.send(framed(orjson.dumps(answer)))


def _id_of(message: bytes) -> int | None:
    """The id of a message that is no request otherwise, if it has one."""
    try:
        found = orjson.loads(message)
    except ValueError:
        return None
    number = found.get("id") if isinstance(found, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None
