"""Control the demo's pretend table: pull plugs, press buttons and break things.

Requests are forwarded to the simulator unchanged, and no other part of this server is notified:
it has to detect what was done. Without a demo there is no pretend table.
"""

from __future__ import annotations

import logging
from typing import Annotated

import aiohttp
from fastapi import APIRouter, Depends, Path
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from chaosmonkey.access import Verb
from chaosmonkey.api.context import Context, Ctx
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.middleware.request_guard import may_change
from chaosmonkey.api.routes.audited import Command
from chaosmonkey.errors import BadInput, Unavailable
from chaosmonkey.model import FeedKind

router = APIRouter(tags=["demo"], prefix="/bench", route_class=Command)

log = logging.getLogger(__name__)

TIMEOUT = aiohttp.ClientTimeout(total=5)


class NoBench(BadInput):
    """The machines are real, so there is no pretend table."""

    status = 404
    title = "No demo"


class Touch(BaseModel):
    """A person's action at the table; omitted fields stay as they are."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class FeedTouch(Touch):
    """A person's action on a machine's feed, or a fault in it."""

    plugged: bool | None = None
    """False pulls the plug, true puts it back."""

    welded: bool | None = None
    """Whether the relay's contact stays closed whatever the coil does."""

    stuck: bool | None = None
    """Whether the relay's coil is dead."""

    back_fed: bool | None = None
    """Whether a second source also feeds the machine."""

    slow: float | None = Field(default=None, ge=0, le=3600)
    """Seconds by which the contact is delayed."""


class SupplyTouch(Touch):
    """A change of the supply of all machines."""

    alive: bool
    """Whether the supply works."""


class ButtonTouch(Touch):
    """A person's action on a button."""

    pressed: bool
    """Whether it is held."""


async def bench(ctx: Ctx) -> Response:
    """The pretend table: machines, sockets, pins, coils, contacts, rails, supply and panel."""
    return await _forward(ctx, "GET", "/bench")


# Pages poll it, and reading changes nothing: it is not recorded in the audit log.
router.add_api_route("", bench, operation_id="bench", route_class_override=APIRoute)


BENCH_COMMAND = [Depends(may_change), Depends(authentication.requires(Verb.PRESENT))]

Name = Annotated[str, Path(max_length=253, pattern=r"^[a-z0-9.-]+$")]


@router.put("/machines/{machine}/{feed}", operation_id="hand", dependencies=BENCH_COMMAND)
async def touch_feed(
    ctx: Ctx,
    machine: Name,
    feed: FeedKind,
    touch: FeedTouch,
) -> Response:
    """Pull a machine's plug, put it back, or make a part of its feed fail."""
    return await _forward(ctx, "PUT", f"/bench/machines/{machine}/{feed}", touch)


@router.put("/supply", operation_id="supply", dependencies=BENCH_COMMAND)
async def supply(ctx: Ctx, touch: SupplyTouch) -> Response:
    """Make the machines' supply fail, or restore it."""
    return await _forward(ctx, "PUT", "/bench/supply", touch)


@router.put("/panel/buttons/{machine}", operation_id="press_button", dependencies=BENCH_COMMAND)
async def press_button(ctx: Ctx, machine: Name, touch: ButtonTouch) -> Response:
    """Press a machine's button on the panel, or release it."""
    return await _forward(ctx, "PUT", f"/bench/panel/buttons/{machine}", touch)


@router.put("/panel/halt", operation_id="press_red_button", dependencies=BENCH_COMMAND)
async def press_red_button(ctx: Ctx, touch: ButtonTouch) -> Response:
    """Press the big red button, or release it."""
    return await _forward(ctx, "PUT", "/bench/panel/halt", touch)


async def _forward(ctx: Context, method: str, path: str, touch: Touch | None = None) -> Response:
    body = None if touch is None else touch.model_dump(exclude_none=True)
    if ctx.lab.demo is None:
        raise NoBench(
            "The machines here are real.", remedy="Pull the plug on the table, or use /kill."
        )
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT) as client,
            client.request(method, ctx.lab.demo.bench + path, json=body) as answer,
        ):
            kind = answer.headers.get("Content-Type", "application/json")
            return Response(await answer.read(), answer.status, media_type=kind)
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("The pretend table does not answer: %s", error)  # has the address
        raise Unavailable(
            "The pretend table does not answer.", remedy="Is the simulator running?"
        ) from None
