"""The audit log: who asked for what, and what they were told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from chaosmonkey.access import Verb
from chaosmonkey.api import responses
from chaosmonkey.api.context import Ctx
from chaosmonkey.api.middleware import authentication
from chaosmonkey.store import Deed

router = APIRouter(tags=["who is who"])


@router.get(
    "/api/audit", operation_id="audit", dependencies=[Depends(authentication.may(Verb.READ))]
)
async def audit(
    request: Request, ctx: Ctx, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Response:
    """The latest commands, newest first, accepted or refused."""
    deeds = await ctx.audit.latest(limit)
    rows = [_line(deed) for deed in deeds] or ["No command yet."]
    return responses.answer(request, deeds, *rows)


def _line(deed: Deed) -> str:
    at = datetime.fromtimestamp(deed.at).astimezone()
    how = "ok" if deed.accepted else f"refused ({deed.rule}): {deed.why}"
    return f"{at:%Y-%m-%d %H:%M:%S}  {deed.role:<9} {deed.who}  {deed.command}  {how}"
