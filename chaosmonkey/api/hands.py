"""The demo's table, within reach of a browser: a hand pulls a plug, and none of our rooms is told.

The request goes on to the simulator as it came. Without a demo there is no pretend table here.
"""

from __future__ import annotations

from typing import Annotated

import aiohttp
from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from chaosmonkey.access import Verb
from chaosmonkey.api import who
from chaosmonkey.api.commands import Command
from chaosmonkey.api.context import Context, Ctx
from chaosmonkey.api.doorkeeper import may_change
from chaosmonkey.errors import BadInput, Unavailable
from chaosmonkey.model import FeedKind

router = APIRouter(tags=["demo"], prefix="/bench", route_class=Command)

TIMEOUT = aiohttp.ClientTimeout(total=5)


class NoBench(BadInput):
    """There is no pretend table."""

    status = 404
    title = "No demo"


class Socket(BaseModel):
    """What a hand does to a socket."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    plugged: bool
    """False pulls the plug, true puts it back."""


@router.get("", operation_id="bench")
async def bench(ctx: Ctx) -> Response:
    """The pretend table: machines, sockets, pins, coils, contacts and rails."""
    return await _ask(ctx, "GET", "/bench")


@router.put(
    "/machines/{machine}/{feed}",
    operation_id="hand",
    dependencies=[Depends(may_change), Depends(who.may(Verb.PRESENT))],
)
async def hand(
    ctx: Ctx,
    machine: Annotated[str, Path(max_length=253, pattern=r"^[a-z0-9.-]+$")],
    feed: FeedKind,
    socket: Socket,
) -> Response:
    """Pull a plug out of its socket by hand, or put it back."""
    path = f"/bench/machines/{machine}/{feed}"
    return await _ask(ctx, "PUT", path, {"plugged": socket.plugged})


async def _ask(
    ctx: Context, method: str, path: str, body: dict[str, bool] | None = None
) -> Response:
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
        raise Unavailable(
            f"The pretend table does not answer: {error}.", remedy="Is the simulator running?"
        ) from None
