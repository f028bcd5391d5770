"""The phones' requests: take a seat with the code on the stage, and play."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from starlette.requests import Request

from chaosmonkey.access import Caller, Rate, Role
from chaosmonkey.api.context import Ctx
from chaosmonkey.api.cookies import cookie_name
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.middleware.request_guard import may_change
from chaosmonkey.api.phone_actions import (
    Choice,
    GuessBody,
    InRound,
    Joined,
    Joining,
    Naming,
    NoSeat,
    act,
    joined,
)
from chaosmonkey.api.routes.audited import Command
from chaosmonkey.audience.seats import COOKIE, tag

router = APIRouter(tags=["phones"])
commands = APIRouter(tags=["phones"], route_class=Command)
"""Routes that cut or request a cut, and are therefore recorded in the audit log."""

COOKIE_LASTS = 12 * 3600
"""Seconds; a conference day."""


def _seat_cookie(request: Request) -> str | None:
    return request.cookies.get(cookie_name(COOKIE, request))


SeatCookie = Annotated[str | None, Depends(_seat_cookie)]


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
    return joined(ctx, seat)


@router.get("/api/play/me", operation_id="my_round")
async def my_round(ctx: Ctx, seat: Seated) -> Joined:
    """Return this phone's part in the current round."""
    return joined(ctx, seat)


@router.post("/api/play/vote", operation_id="vote", dependencies=CHANGES)
async def vote(ctx: Ctx, seat: Seated, choice: Choice) -> Joined:
    """Vote once in a round; repeating the same vote is no error and counts once."""
    act(ctx, seat, "vote", choice)
    return joined(ctx, seat)


@router.post("/api/play/enter", operation_id="enter", dependencies=CHANGES)
async def enter(ctx: Ctx, seat: Seated, wanted: InRound) -> Joined:
    """Enter a raffle, or line up in a queue, once."""
    act(ctx, seat, "enter", wanted)
    return joined(ctx, seat)


@router.post("/api/play/leave", operation_id="leave", dependencies=CHANGES)
async def leave(ctx: Ctx, seat: Seated, wanted: InRound) -> Joined:
    """Give up a place in a raffle or a queue, or the button."""
    act(ctx, seat, "leave", wanted)
    return joined(ctx, seat)


@router.post("/api/play/here", operation_id="here", dependencies=CHANGES)
async def here(ctx: Ctx, seat: Seated, wanted: InRound) -> Joined:
    """Confirm the turn of this phone; without it the next ticket soon gets the button."""
    act(ctx, seat, "here", wanted)
    return joined(ctx, seat)


@router.post("/api/play/guess", operation_id="guess", dependencies=CHANGES)
async def guess(ctx: Ctx, seat: Seated, wanted: GuessBody) -> Joined:
    """Guess once in a bet; repeating the same guess is no error and counts once."""
    act(ctx, seat, "guess", wanted)
    return joined(ctx, seat)


@commands.post("/api/play/press", operation_id="press", dependencies=CHANGES)
async def press(ctx: Ctx, seat: Seated, choice: Choice) -> Joined:
    """Press the button: cut the machine, or request approval; a rule may refuse it."""
    await ctx.room.press(choice.round, ctx.seats.who(seat), choice.machine)
    return joined(ctx, seat)


@router.post("/api/play/name", operation_id="name", dependencies=CHANGES)
async def name(ctx: Ctx, seat: Seated, naming: Naming) -> Joined:
    """Choose a nickname, if nicknames are on."""
    act(ctx, seat, "name", naming)
    return joined(ctx, seat)


router.include_router(commands)
