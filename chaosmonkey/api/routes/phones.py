"""The phones' requests: take a seat with the code on the stage, and play."""

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
"""Routes that cut or request a cut, and are therefore recorded in the audit log."""

COOKIE_LASTS = 12 * 3600
"""Seconds; a conference day."""


def _seat_cookie(request: Request) -> str | None:
    return request.cookies.get(cookie_name(COOKIE, request))


SeatCookie = Annotated[str | None, Depends(_seat_cookie)]


class NoSeat(ChaosMonkeyError):
    """The phone has no seat yet."""

    status = 401
    exit_code = 2
    title = "No seat"
    rule = "seat"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Joining(_Body):
    """A phone's request to join."""

    seat: str | None = Field(default=None, max_length=64)
    """The id that the phone made itself, 32 hexadecimal digits; the same id is the same seat."""

    code: str | None = Field(default=None, max_length=40)
    """The code on the stage; not needed with a seat's cookie."""


class InRound(_Body):
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


class Naming(_Body):
    """A nickname."""

    name: str = Field(max_length=64)
    """The name; "" removes it."""


class Joined(BaseModel):
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


async def seated(request: Request, ctx: Ctx, cookie: SeatCookie = None) -> str:
    """Dependency: the phone's seat, which becomes the request's caller; raises NoSeat."""
    seat = ctx.seats.recognise(cookie)
    if seat is None:
        raise NoSeat("This phone has no seat.", remedy="Open /play to get one.")
    known_as = f"seat {tag(ctx.seats.who(seat))}"
    request.scope["caller"] = Caller(Role.AUDIENCE, known_as, authentication.address_of(request))
    return seat


async def not_too_often(ctx: Ctx, seat: Annotated[str, Depends(seated)]) -> None:
    """Limit how often a phone may act; raises TooMany."""
    ctx.authenticator.rates.count(Rate.PRESS, seat)


async def not_too_many(request: Request, ctx: Ctx) -> None:
    """Limit how often phones may join from one address; raises TooMany."""
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
    """Take a seat, or return to the phone's earlier one."""
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
    """Return this phone's part in the current round."""
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
    """Confirm the turn of this phone; without it the next ticket soon gets the button."""
    ctx.room.current_round.here(wanted.round, ctx.seats.who(seat))
    return _joined(ctx, seat)


@router.post("/api/play/guess", operation_id="guess", dependencies=CHANGES)
async def guess(ctx: Ctx, seat: Seated, wanted: GuessBody) -> Joined:
    """Guess once in a bet; repeating the same guess is no error and counts once."""
    ctx.room.guess(wanted.round, ctx.seats.who(seat), wanted.seconds)
    return _joined(ctx, seat)


@commands.post("/api/play/press", operation_id="press", dependencies=CHANGES)
async def press(ctx: Ctx, seat: Seated, choice: Choice) -> Joined:
    """Press the button: cut the machine, or request approval; a rule may refuse it."""
    await ctx.room.press(choice.round, ctx.seats.who(seat), choice.machine)
    return _joined(ctx, seat)


@router.post("/api/play/name", operation_id="name", dependencies=CHANGES)
async def name(ctx: Ctx, seat: Seated, naming: Naming) -> Joined:
    """Choose a nickname, if nicknames are on."""
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
