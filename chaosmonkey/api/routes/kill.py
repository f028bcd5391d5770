"""Cut and restore machines: for scripts, pages and curl."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from chaosmonkey.access import Caller, Verb
from chaosmonkey.api import responses
from chaosmonkey.api.context import Ctx
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.middleware.request_guard import may_change
from chaosmonkey.api.routes import kill_progress
from chaosmonkey.api.routes.audited import Command
from chaosmonkey.api.routes.dry_run import PlanView, planned
from chaosmonkey.control.guard import CutRequest
from chaosmonkey.errors import BadInput
from chaosmonkey.model import FeedKind

router = APIRouter(
    tags=["cut and restore"], route_class=Command, dependencies=[Depends(may_change)]
)

MachineName = Annotated[str, Path(description="A machine's name, such as node3.", max_length=253)]


def _feed(
    feed: Annotated[
        FeedKind | None, Query(description="The feed to cut; power by default.")
    ] = None,
    kind: Annotated[
        FeedKind | None, Query(deprecated=True, description="The old name of `feed`.")
    ] = None,
) -> FeedKind:
    if feed is not None and kind is not None and feed is not kind:
        raise BadInput(
            f"feed={feed} and kind={kind} contradict each other.",
            remedy="Omit kind: it is the old name of feed.",
        )
    return feed or kind or FeedKind.POWER


@dataclass(frozen=True, slots=True)
class CutView:
    """A cut that was made; times are seconds since 1970.

    Attributes:
        kind: the old name of `feed`.
    """

    outage: str
    machine: str
    feed: FeedKind
    kind: FeedKind
    cut_at: float
    restore_by: float
    seconds: float


ANSWERS: dict[int | str, dict[str, Any]] = {200: {"model": CutView | PlanView}}


@router.post("/kill/{machine}", operation_id="kill", responses=ANSWERS)
@router.get("/kill/{machine}", operation_id="kill_by_get", responses=ANSWERS)
async def kill(  # noqa: PLR0917 - FastAPI calls it by name
    request: Request,
    ctx: Ctx,
    machine: MachineName,
    caller: Annotated[Caller, Depends(authentication.requires(Verb.KILL))],
    feed: Annotated[FeedKind, Depends(_feed)],
    seconds: Annotated[
        float | None,
        Query(alias="for", description="Seconds until it is restored.", allow_inf_nan=False),
    ] = None,
    wait: Annotated[
        Literal["recovered"] | None,
        Query(description="Stream a line for each milestone until the cluster has recovered."),
    ] = None,
    dry_run: Annotated[
        bool, Query(description="Only report what would happen, and what forbids it.")
    ] = False,
) -> Response:
    """Cut the power or the network of a machine, and restore it after a while."""
    cut_request = CutRequest(
        machine=machine,
        feed=feed,
        seconds=ctx.lab.default_seconds if seconds is None else seconds,
        by=caller.name,
    )
    if dry_run:
        return await planned(request, ctx, cut_request)
    if wait is not None:
        watching = ctx.hub.subscribe()
        try:
            cut = await ctx.monkey.cut(cut_request)
        except BaseException:
            watching.end()
            raise
        text = responses.wants_text(request)
        return StreamingResponse(
            kill_progress.stream(watching, cut.entry.outage, text=text),
            media_type="text/plain" if text else "application/x-ndjson",
        )
    cut = await ctx.monkey.cut(cut_request)
    entry = cut.entry
    lasts = entry.restore_by - entry.commanded
    return responses.answer(
        request,
        CutView(
            outage=entry.outage,
            machine=entry.machine,
            feed=entry.feed,
            kind=entry.feed,
            cut_at=cut.begun.result(),
            restore_by=entry.restore_by,
            seconds=lasts,
        ),
        f"{entry.machine} lost its {entry.feed}. {entry.feed.capitalize()} returns in {lasts:g} s.",
        f"Follow it at /api/outages/{entry.outage}, or next time: /kill/{machine}?wait=recovered",
    )


@router.post("/restore/{machine}", operation_id="restore")
@router.get("/restore/{machine}", operation_id="restore_by_get")
async def restore(
    request: Request,
    ctx: Ctx,
    machine: MachineName,
    caller: Annotated[Caller, Depends(authentication.requires(Verb.RESTORE))],
) -> Response:
    """Restore a machine's power and network now."""
    turned_on = await ctx.monkey.restore(machine, by=caller.name)
    rows = responses.turned_on(turned_on, nothing=f"{machine} was not off.")
    return responses.answer(request, asdict(turned_on), *rows)
