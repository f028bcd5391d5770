"""What phones do: take a seat, and vote."""

from __future__ import annotations

from io import BytesIO
from typing import Annotated

import segno
from fastapi import APIRouter, Cookie, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from chaosmonkey.api import context
from chaosmonkey.api.context import Ctx
from chaosmonkey.api.doorkeeper import may_change
from chaosmonkey.audience.seats import COOKIE
from chaosmonkey.errors import ChaosMonkeyError

router = APIRouter(tags=["phones"])

COOKIE_LASTS = 12 * 3600
"""Seconds: a conference day."""

Seat = Annotated[str | None, Cookie(alias=COOKIE)]


class NoSeat(ChaosMonkeyError):
    """Whoever votes must have joined."""

    status = 401
    exit_code = 2
    title = "No seat"


class Joining(BaseModel):
    """What a phone says when it joins."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    seat: str | None = Field(default=None, max_length=64)
    """The id that it made itself, 32 hexadecimal digits: the same id is the same seat."""


class Ballot(BaseModel):
    """A vote."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    round: str = Field(max_length=64)
    """The id of the round it is for."""

    machine: str = Field(max_length=253)
    """The machine it chooses."""


class Joined(BaseModel):
    """A seat, and what it has done in the current round."""

    seat: str
    round: str | None
    voted: str | None


@router.post("/api/play/join", operation_id="join", dependencies=[Depends(may_change)])
async def join(ctx: Ctx, response: Response, joining: Joining, cookie: Seat = None) -> Joined:
    """Take a seat, or the one that this phone had before."""
    seat, proof = ctx.seats.join(joining.seat, cookie)
    response.set_cookie(COOKIE, proof, max_age=COOKIE_LASTS, httponly=True, samesite="lax")
    return _joined(ctx, seat)


@router.post("/api/play/vote", operation_id="vote", dependencies=[Depends(may_change)])
async def vote(ctx: Ctx, ballot: Ballot, cookie: Seat = None) -> Joined:
    """Vote once in a round; the same vote again is no error and counts once."""
    seat = ctx.seats.recognise(cookie)
    if seat is None:
        raise NoSeat("This phone has no seat.", remedy="Open /play, which takes one.")
    ctx.room.vote(ballot.round, seat, ballot.machine)
    return _joined(ctx, seat)


@router.get("/api/join.svg", operation_id="join_code")
async def join_code(ctx: Ctx) -> Response:
    """The QR code of the page for phones, as SVG that takes the colour of its surroundings."""
    image = BytesIO()
    code = segno.make(ctx.join_url(), error="m", micro=False)
    code.save(image, kind="svg", border=2, omitsize=True, xmldecl=False)
    return Response(image.getvalue(), media_type="image/svg+xml")


def _joined(ctx: context.Context, seat: str) -> Joined:
    current = ctx.room.round
    if current is None:
        return Joined(seat=seat, round=None, voted=None)
    return Joined(seat=seat, round=current.id, voted=current.ballots.get(seat))
