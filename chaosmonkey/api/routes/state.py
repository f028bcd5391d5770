"""The state, the outages, and the health of this server."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from chaosmonkey.api import responses
from chaosmonkey.api.context import Ctx
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.outage_lists import Listing, as_csv, as_json, as_text, csv_line, line, view_of
from chaosmonkey.audience.redaction import without_addresses
from chaosmonkey.errors import BadInput
from chaosmonkey.hub.room_views import sees_all

router = APIRouter(tags=["state"])

Format = Annotated[Literal["json", "csv"] | None, Query(description="json or csv.")]


class UnknownOutage(BadInput):
    """No outage has that id."""

    status = 404
    title = "Unknown outage"


@router.get("/api/state")
async def state(request: Request, ctx: Ctx) -> Response:
    """Return machines, pods, services, outages and the cluster: the websocket's snapshot."""
    caller = authentication.caller_of(request)
    await ctx.pieces.turn(caller.address)
    ctx.publish_counts()
    return Response(ctx.hub.snapshot(full=sees_all(caller)), media_type="application/json")


@router.get("/api/outages")
async def outages(
    request: Request,
    ctx: Ctx,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    form: Annotated[Format, Query(alias="format")] = None,
) -> Response:
    """List outages, newest first, including open ones."""
    caller = authentication.caller_of(request)
    listing = Listing(
        ctx.outages_in_memory(),
        await ctx.records.latest_ids(limit),
        ctx.records.documents,
        full=sees_all(caller),
        queue=ctx.pieces,
        address=caller.address,
    )
    if _wants_csv(request, form):
        return StreamingResponse(as_csv(listing), media_type="text/csv")
    if responses.wants_text(request):
        return StreamingResponse(as_text(listing), media_type="text/plain")
    return StreamingResponse(as_json(listing), media_type="application/json")


@router.get("/api/outages/{outage}")
async def outage(
    request: Request,
    ctx: Ctx,
    outage: Annotated[str, Path(max_length=300)],
    form: Annotated[Format, Query(alias="format")] = None,
) -> Response:
    """Return one outage: milestones, phases, and the fate of every pod."""
    found = ctx.outages_in_memory().get(outage) or await ctx.records.get(outage)
    if found is None:
        raise UnknownOutage(
            f"There is no outage '{outage[:80]}'.", remedy="/api/outages lists them."
        )
    view = view_of(found, full=sees_all(authentication.caller_of(request)))
    if _wants_csv(request, form):
        rows = (
            ("milestone", "seconds", "at_least"),
            *((name, at, view.at_least.get(name)) for name, at in view.milestones.items()),
        )
        return Response("".join(map(csv_line, rows)), media_type="text/csv")
    story = [f"{one.at:+8.1f} s  {one.text}" for one in view.story]
    return responses.answer(request, view, line(view), *story)


@router.get("/healthz")
async def healthz() -> Response:
    """Answer 200 while this process runs."""
    return responses.plain("ok")


@router.get("/readyz")
async def readyz(request: Request, ctx: Ctx) -> Response:
    """Answer 200 if a cut can be made and measured now and the panel answers, else 503 and why."""
    reasons = ctx.not_ready()
    if not sees_all(authentication.caller_of(request)):
        reasons = [without_addresses(reason) for reason in reasons]
    return responses.plain(*(reasons or ["ok"]), status=503 if reasons else 200)


def _wants_csv(request: Request, form: str | None) -> bool:
    return form == "csv" or (form is None and "text/csv" in request.headers.get("accept", ""))
