"""What a phone can request, by HTTP or over its websocket, and the answer.

hello ─► Joined        a seat, with the code on the stage
vote, guess, enter, leave, here, name, press ─► Joined        the seat's part in the round
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chaosmonkey.api.context import Context
from chaosmonkey.audience import Mode
from chaosmonkey.audience.seats import tag
from chaosmonkey.errors import ChaosMonkeyError


class NoSeat(ChaosMonkeyError):
    """The phone has no seat yet."""

    status = 401
    exit_code = 2
    title = "No seat"
    rule = "seat"


class PhoneRequest(BaseModel):
    """A request of a phone."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Joining(PhoneRequest):
    """A phone's request to join."""

    seat: str | None = Field(default=None, max_length=64)
    """The id that the phone made itself, 32 hexadecimal digits; the same id is the same seat."""

    code: str | None = Field(default=None, max_length=40)
    """The code on the stage; not needed with a seat's cookie or proof."""


class InRound(PhoneRequest):
    """The round that a request is about."""

    round: str = Field(max_length=64)
    """The round's id."""


class Choice(InRound):
    """A vote, or a press."""

    machine: str = Field(max_length=253)
    """The machine."""


class GuessBody(InRound):
    """A guess."""

    seconds: float = Field(gt=0, allow_inf_nan=False)
    """Seconds from the cut to the recovery; tenths count."""


class Naming(PhoneRequest):
    """A nickname."""

    name: str = Field(max_length=64)
    """The name; "" removes it."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A seat, and its part in the current round.

    Attributes:
        tag: the public tag of the seat.
        ticket: its number in the round.
        voted: the machine it voted for.
        guess: the seconds it guessed.
        withdrawn: whether it gave up its place.
    """

    seat: str
    tag: str
    name: str
    round: str | None
    ticket: int | None
    voted: str | None
    guess: float | None
    withdrawn: bool


def joined(ctx: Context, seat: str) -> Joined:
    """Return a seat and its part in the current round."""
    who = ctx.seats.who(seat)
    current = ctx.room.current_round.round
    entry = None if current is None else ctx.room.current_round.box.of(who)
    mode = current.mode if current is not None else None
    return Joined(
        seat=seat,
        tag=tag(who),
        name=ctx.room.names.of(who),
        round=None if current is None else current.id,
        ticket=None if entry is None else entry.ticket,
        voted=entry.value if entry is not None and mode is Mode.VOTE else None,
        guess=float(entry.value) if entry is not None and mode is Mode.BET else None,
        withdrawn=entry is not None and current is not None and entry.ticket in current.withdrawn,
    )


def act(ctx: Context, seat: str, what: str, request: Any) -> None:
    """Carry out every request but a press, which may have to wait for a plug.

    Raises:
        BadInput, RoundRefused: it is invalid, or not allowed now.
    """
    who, room = ctx.seats.who(seat), ctx.room
    match what:
        case "vote":
            room.vote(request.round, who, request.machine)
        case "enter":
            room.join_in(request.round, who)
        case "guess":
            room.guess(request.round, who, request.seconds)
        case "leave":
            room.current_round.withdraw(request.round, who)
        case "here":
            room.current_round.here(request.round, who)
        case "name":
            room.rename(who, request.name)
        case _:
            raise AssertionError(what)
