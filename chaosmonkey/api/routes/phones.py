"""What phones do: take a seat with the code on the stage, and play. Each press is one request."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from chaosmonkey.access import Caller, Rate, Role
from chaosmonkey.api import context
from chaosmonkey.api.context import Ctx
from chaosmonkey.api.cookies import cookie_name
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.middleware.request_guard import may_change
from chaosmonkey.api.routes.audited import Command
from chaosmonkey.audience import Mode
from chaosmonkey.audience.seats import COOKIE, tag
from chaosmonkey.errors import ChaosMonkeyError

router = APIRouter(tags=["phones"])
commands = APIRouter(tags=["phones"], route_class=Command)
"""What cuts, or asks for a cut, and therefore is noted."""

COOKIE_LASTS = 12 * 3600
"""Seconds: a conference day."""


def _seat_cookie(request: Request) -> str | None:
    return request.cookies.get(cookie_name(COOKIE, request))


SeatCookie = Annotated[str | None, Depends(_seat_cookie)]


class NoSeat(ChaosMonkeyError):
    """Playing takes a seat."""

    status = 401
    exit_code = 2
    title = "No seat"
    rule = "seat"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Joining(_Body):
    """What a phone says when it joins."""

    seat: str | None = Field(default=None, max_length=64)
    """The id that it made itself, 32 hexadecimal digits: the same id is the same seat."""

    code: str | None = Field(default=None, max_length=40)
    """The code on the stage; not needed by a phone that has a seat's cookie."""


class InRound(_Body):
    """Which round is meant."""

    round: str = Field(max_length=64)
    """Its id."""


class Choice(InRound):
    """A vote, or a press."""

    machine: str = Field(max_length=253)
    """The machine."""


class GuessBody(InRound):
    """A guess."""

    seconds: float = Field(gt=0, allow_inf_nan=False)
    """Seconds from the cut to the recovery; tenths count."""


class Naming(_Body):
    """A nickname."""

    name: str = Field(max_length=64)
    """The name; "" takes it away."""


class Joined(BaseModel):
    """A seat, and what it did in the current round.

    Attributes:
        tag: what the seat is called in public.
        ticket: its number in the round.
        voted: the machine it voted for.
        guess: the seconds that it bet on.
        withdrawn: it gave up its place.
    """

    seat: str
    tag: str
    name: str
    round: str | None
    ticket: int | None
    voted: str | None
    guess: float | None
    withdrawn: bool


async def seated(request: Request, ctx: Ctx, cookie: SeatCookie = None) -> str:
    """The seat of the phone that asks; raises NoSeat. It is the caller from now on."""
    seat = ctx.seats.recognise(cookie)
    if seat is None:
        raise NoSeat("This phone has no seat.", remedy="Open /play to get one.")
    known_as = f"seat {tag(ctx.seats.who(seat))}"
    request.scope["caller"] = Caller(Role.AUDIENCE, known_as, authentication.address_of(request))
    return seat


async def not_too_often(ctx: Ctx, seat: Annotated[str, Depends(seated)]) -> None:
    """Limit presses to the speed of a thumb; raises TooMany."""
    ctx.authenticator.rates.count(Rate.PRESS, seat)


async def not_too_many(request: Request, ctx: Ctx) -> None:
    """Limit joins from one address to the phones of a hall; raises TooMany."""
    ctx.authenticator.rates.count(
        Rate.JOIN, authentication.neighbourhood(authentication.address_of(request))
    )


Seated = Annotated[str, Depends(seated)]
CHANGES = [Depends(may_change), Depends(not_too_often)]
JOINS = [Depends(may_change), Depends(not_too_many)]


@router.post("/api/play/join", operation_id="join", dependencies=JOINS)
async def join(
    request: Request, ctx: Ctx, response: Response, joining: Joining, cookie: SeatCookie = None
) -> Joined:
    """Take a seat, or the one that this phone had before."""
    if ctx.seats.recognise(cookie) is None:
        ctx.room.codes.check(joining.code)
    seat, proof = ctx.seats.join(joining.seat, cookie)
    response.set_cookie(
        cookie_name(COOKIE, request),
        proof,
        max_age=COOKIE_LASTS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return _joined(ctx, seat)


@router.get("/api/play/me", operation_id="my_round")
async def my_round(ctx: Ctx, seat: Seated) -> Joined:
    """What this phone did in the current round."""
    return _joined(ctx, seat)


@router.post("/api/play/vote", operation_id="vote", dependencies=CHANGES)
async def vote(ctx: Ctx, seat: Seated, choice: Choice) -> Joined:
    """Vote once in a round; repeating the same vote is no error and counts once."""
    ctx.room.vote(choice.round, ctx.seats.who(seat), choice.machine)
    return _joined(ctx, seat)


@router.post("/api/play/enter", operation_id="enter", dependencies=CHANGES)
async def enter(ctx: Ctx, seat: Seated, wanted: InRound) -> Joined:
    """Enter a raffle, or line up in a queue, once."""
    ctx.room.join_in(wanted.round, ctx.seats.who(seat))
    return _joined(ctx, seat)


@router.post("/api/play/leave", operation_id="leave", dependencies=CHANGES)
async def leave(ctx: Ctx, seat: Seated, wanted: InRound) -> Joined:
    """Give up a place in a raffle or a queue, or the button."""
    ctx.room.current_round.withdraw(wanted.round, ctx.seats.who(seat))
    return _joined(ctx, seat)


@router.post("/api/play/here", operation_id="here", dependencies=CHANGES)
async def here(ctx: Ctx, seat: Seated, wanted: InRound) -> Joined:
    """Say that the phone whose turn it is is there; otherwise the next one soon gets the button."""
    ctx.room.current_round.here(wanted.round, ctx.seats.who(seat))
    return _joined(ctx, seat)


@router.post("/api/play/guess", operation_id="guess", dependencies=CHANGES)
async def guess(ctx: Ctx, seat: Seated, wanted: GuessBody) -> Joined:
    """Guess once in a bet; repeating the same guess is no error and counts once."""
    ctx.room.guess(wanted.round, ctx.seats.who(seat), wanted.seconds)
    return _joined(ctx, seat)


@commands.post("/api/play/press", operation_id="press", dependencies=CHANGES)
async def press(ctx: Ctx, seat: Seated, choice: Choice) -> Joined:
    """Press the button: the machine is cut, or the presenter is asked; else a rule says why not."""
    await ctx.room.press(choice.round, ctx.seats.who(seat), choice.machine)
    return _joined(ctx, seat)


@router.post("/api/play/name", operation_id="name", dependencies=CHANGES)
async def name(ctx: Ctx, seat: Seated, naming: Naming) -> Joined:
    """Take a nickname, where they are wanted."""
    ctx.room.rename(ctx.seats.who(seat), naming.name)
    return _joined(ctx, seat)


def _joined(ctx: context.Context, seat: str) -> Joined:
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


router.include_router(commands)
