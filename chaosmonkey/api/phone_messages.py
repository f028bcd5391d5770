"""The messages between a phone and the server on `/ws/play`, besides the stream of Play.

A phone's request has an `id` that it chooses. The answer has the same `id`: an Ack once the request
is on the disk, a Pong at once, or a Refused. A request that is repeated, as after a reconnect,
counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from chaosmonkey.api.phone_actions import (
    Choice,
    GuessBody,
    InRound,
    Joined,
    Joining,
    Naming,
    PhoneRequest,
)


class _Numbered(PhoneRequest):
    id: int = Field(ge=0, lt=2**53)
    """Chosen by the phone; the answer has the same."""


class HelloMessage(_Numbered, Joining):
    """Take a seat, or return to the phone's earlier one; the first request of a connection."""

    do: Literal["hello"]
    proof: str | None = Field(default=None, max_length=200)
    """The proof of the seat from an earlier Ack."""


class VoteMessage(_Numbered, Choice):
    """Vote once in a round."""

    do: Literal["vote"]


class PressMessage(_Numbered, Choice):
    """Press the button: cut the machine, or request approval."""

    do: Literal["press"]


class GuessMessage(_Numbered, GuessBody):
    """Guess once in a bet."""

    do: Literal["guess"]


class RoundMessage(_Numbered, InRound):
    """Enter a raffle or a queue, give up the place, or confirm the turn of this phone."""

    do: Literal["enter", "leave", "here"]


class NameMessage(_Numbered, Naming):
    """Choose a nickname, if nicknames are on."""

    do: Literal["name"]


class PingMessage(_Numbered):
    """Get a Pong, which shows that the connection is alive; works without a seat."""

    do: Literal["ping"]


PhoneMessage = Annotated[
    HelloMessage
    | VoteMessage
    | PressMessage
    | GuessMessage
    | RoundMessage
    | NameMessage
    | PingMessage,
    Field(discriminator="do"),
]

PHONE_MESSAGE: TypeAdapter[PhoneMessage] = TypeAdapter(PhoneMessage)


@dataclass(frozen=True, slots=True)
class Ack:
    """A request was carried out, and is on the disk.

    Attributes:
        id: the request's.
        you: the phone's seat and its part in the round.
        proof: proves the seat at the next hello; only in the answer to a hello.
    """

    type: Literal["ack"]
    id: int
    you: Joined
    proof: str | None


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a ping; unlike an Ack, it waits for no disk.

    Attributes:
        id: the request's.
    """

    type: Literal["pong"]
    id: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A request was refused; the fields are those of a problem by HTTP (RFC 9457).

    Attributes:
        id: the request's; None if the message could not be read.
        allowed_at: when the rule will allow it; None if unknown.
        shown_in_round: whether the round's state shows when the refusal ends.
    """

    type: Literal["refused"]
    id: int | None
    status: int
    title: str
    detail: str
    remedy: str
    rule: str | None
    allowed_at: float | None
    shown_in_round: bool
