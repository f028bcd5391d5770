"""Arm and disarm, HALT and release: the switches that every cut must pass."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from chaosmonkey.access import Caller, Verb
from chaosmonkey.api import responses
from chaosmonkey.api.context import Ctx
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.middleware.request_guard import may_change
from chaosmonkey.api.routes.audited import Command
from chaosmonkey.control.safety import Safety
from chaosmonkey.wording import duration

router = APIRouter(tags=["safety"], route_class=Command, dependencies=[Depends(may_change)])


@router.post("/arm", operation_id="arm")
@router.get("/arm", operation_id="arm_by_get")
async def arm(
    request: Request,
    ctx: Ctx,
    caller: Annotated[Caller, Depends(authentication.requires(Verb.ARM))],
) -> Response:
    """Allow cuts for a while; every cut extends the time."""
    safety = ctx.monkey.arm(by=caller.name)
    lasts = round((safety.armed_until or 0) - ctx.clock.now())
    text = f"Armed. Disarms automatically after {duration(lasts)} without a cut."
    return _answer(request, safety, text)


@router.post("/disarm", operation_id="disarm")
@router.get("/disarm", operation_id="disarm_by_get")
async def disarm(
    request: Request,
    ctx: Ctx,
    caller: Annotated[Caller, Depends(authentication.requires(Verb.ARM))],
) -> Response:
    """Disable cuts."""
    return _answer(request, ctx.monkey.disarm(by=caller.name), "Safe. Cuts are disabled.")


@router.post("/halt", operation_id="halt")
@router.get("/halt", operation_id="halt_by_get")
async def halt(
    request: Request,
    ctx: Ctx,
    caller: Annotated[Caller, Depends(authentication.requires(Verb.HALT))],
) -> Response:
    """Restore power and network of every machine now, and refuse cuts until released.

    The answer comes within a second; the server keeps retrying feeds that are not on by then.
    """
    turned_on = await ctx.monkey.halt(by=caller.name)
    return responses.answer(
        request,
        {**asdict(turned_on), "halted": ctx.monkey.safety.halted},
        *responses.turned_on(turned_on, nothing="Nothing was off."),
        "HALT is active: nothing is cut until it is released (/release).",
    )


@router.post("/release", operation_id="release")
@router.get("/release", operation_id="release_by_get")
async def release(
    request: Request,
    ctx: Ctx,
    caller: Annotated[Caller, Depends(authentication.requires(Verb.RELEASE))],
) -> Response:
    """End HALT. Cuts stay disabled after that: arm to enable them."""
    was_active = ctx.monkey.safety.halted is not None
    safety = ctx.monkey.release(by=caller.name)
    done = "HALT is released." if was_active else "HALT was not active."
    armed = safety.is_armed(ctx.clock.now())
    cuts = "Cuts are enabled." if armed else "Cuts are disabled; arm to enable them."
    return _answer(request, safety, f"{done} {cuts}")


def _answer(request: Request, safety: Safety, text: str) -> Response:
    facts = {"armed_until": safety.armed_until, "halted": safety.halted}
    return responses.answer(request, facts, text)
