"""What is, and what was: the state, the outages, and whether this server works."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from chaosmonkey.api import answers, who
from chaosmonkey.api.context import Context, Ctx
from chaosmonkey.audience.redaction import without_addresses
from chaosmonkey.errors import BadInput
from chaosmonkey.hub.room_views import for_the_room, sees_all
from chaosmonkey.hub.show import show_outage
from chaosmonkey.hub.views import OutageView
from chaosmonkey.model import Outage
from chaosmonkey.outage.narrate import took
from chaosmonkey.outage.recovery import PHASES
from chaosmonkey.visible import visible

router = APIRouter(tags=["state"])

Format = Annotated[Literal["json", "csv"] | None, Query(description="json or csv.")]

MILESTONES = (
    "commanded", "cut", "lost", "last_seen", "not_ready", "tainted",
    "evicting_first", "evicting_last", "successor_created", "scheduled",
    "recovered", "whole", "restored", "rejoined", "cleaned",
)  # fmt: skip

LATE_MILESTONES = MILESTONES[4:]
"""Those of which we may learn late."""


class UnknownOutage(BadInput):
    """No outage has that id."""

    status = 404
    title = "Unknown outage"


@router.get("/api/state")
async def state(request: Request, ctx: Ctx) -> Response:
    """Machines, pods, services, outages and the cluster, as the websocket's snapshot has them."""
    return answers.json(ctx.hub.snapshot(full=sees_all(who.of(request))))


@router.get("/api/outages")
async def outages(
    request: Request,
    ctx: Ctx,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    form: Annotated[Format, Query(alias="format")] = None,
) -> Response:
    """The newest outages first, open ones included."""
    kept = [_newest(ctx, outage) for outage in await ctx.records.latest(limit)]
    known = {outage.id for outage in kept}
    running = [outage for key, outage in ctx.tracker.outages.items() if key not in known]
    views = [_shown(request, outage) for outage in running + kept]
    if _wants_csv(request, form):
        return _csv([_row(view) for view in views])
    rows = [_line(view) for view in views] or ["No outages yet."]
    return answers.answer(request, views, *rows)


@router.get("/api/outages/{outage}")
async def outage(
    request: Request,
    ctx: Ctx,
    outage: Annotated[str, Path(max_length=300)],
    form: Annotated[Format, Query(alias="format")] = None,
) -> Response:
    """One outage: milestones, phases, and what became of every pod."""
    found = ctx.tracker.outages.get(outage) or await ctx.records.get(outage)
    if found is None:
        raise UnknownOutage(
            f"There is no outage '{outage[:80]}'.", remedy="/api/outages lists them."
        )
    view = _shown(request, found)
    if _wants_csv(request, form):
        return _csv(
            [
                {"milestone": name, "seconds": at, "at_least": view.at_least.get(name, "")}
                for name, at in view.milestones.items()
            ]
        )
    story = [f"{line.at:+8.1f} s  {line.text}" for line in view.story]
    return answers.answer(request, view, _line(view), *story)


@router.get("/healthz")
async def healthz() -> Response:
    """200 as long as this process answers."""
    return answers.plain("ok")


@router.get("/readyz")
async def readyz(request: Request, ctx: Ctx) -> Response:
    """200 if a cut could be made and measured now, and the panel answers; else 503 and why not."""
    reasons = ctx.not_ready()
    if not sees_all(who.of(request)):
        reasons = [without_addresses(reason) for reason in reasons]
    return answers.plain(*(reasons or ["ok"]), status=503 if reasons else 200)


def _shown(request: Request, outage: Outage) -> OutageView:
    """An outage, with addresses only for those who can act on them."""
    view = show_outage(outage)
    return view if sees_all(who.of(request)) else for_the_room(view)


def _newest(ctx: Context, outage: Outage) -> Outage:
    """The state in memory is newer than the one on the disk."""
    return ctx.tracker.outages.get(outage.id, outage)


def _line(view: OutageView) -> str:
    time = ""
    if view.recovery_seconds is not None:
        time = f"recovered in {took(view.recovery_seconds, view.recovery_at_least)}"
    how = view.outcome or "under way"
    return f"{view.id}  {view.feed or view.origin}  {how}  {time}".rstrip()


def _wants_csv(request: Request, form: str | None) -> bool:
    return form == "csv" or (form is None and "text/csv" in request.headers.get("accept", ""))


def _row(view: OutageView) -> dict[str, Any]:
    """One outage as a row; a milestone that did not happen is an empty cell."""
    return {
        "id": view.id,
        "machine": view.machine,
        "origin": view.origin,
        "feed": view.feed or "",
        "by": view.by,
        "began": view.began,
        "t0_within": view.t0_within,
        "clocked": view.clocked,
        "cause": view.cause or "",
        "outcome": view.outcome or "",
        "recovery_seconds": _cell(view.recovery_seconds),
        "recovery_at_least": _cell(view.recovery_at_least),
        "blind": view.blind,
        **{f"phase_{name}": view.phases.get(name, "") for name in PHASES},
        **{name: view.milestones.get(name, "") for name in MILESTONES},
        "pods": len(view.pods),
        **{f"phase_{name}_at_least": view.phases_at_least.get(name, "") for name in PHASES},
        **{f"{name}_at_least": view.at_least.get(name, "") for name in LATE_MILESTONES},
    }


def _cell(value: float | None) -> float | str:
    return "" if value is None else value


def _csv(rows: Iterable[dict[str, Any]]) -> Response:
    rows = list(rows)
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({key: _harmless(value) for key, value in row.items()} for row in rows)
    return Response(text.getvalue(), media_type="text/csv")


FORMULA = ("=", "+", "-", "@", "\t", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a cell begins with that a spreadsheet may calculate (OWASP, "CSV Injection"), as wide
characters too, which some take for the same. A carriage return is escaped before."""


def _harmless(value: Any) -> Any:
    """Text as it can be seen; what a spreadsheet would take for a formula gets an apostrophe."""
    if not isinstance(value, str):
        return value
    shown = visible(value)
    return f"'{shown}" if shown.lstrip(" ").startswith(FORMULA) else shown
