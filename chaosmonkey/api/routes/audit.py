"""The audit log: each command, who sent it, and the answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from chaosmonkey.access import Verb
from chaosmonkey.api import responses
from chaosmonkey.api.context import Ctx
from chaosmonkey.api.middleware import authentication
from chaosmonkey.store import AuditEntry

router = APIRouter(tags=["who is who"])


@router.get(
    "/api/audit", operation_id="audit", dependencies=[Depends(authentication.requires(Verb.READ))]
)
async def audit(
    request: Request, ctx: Ctx, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Response:
    """The latest commands, newest first, accepted or refused."""
    entries = await ctx.audit.latest(limit)
    rows = [_line(entry) for entry in entries] or ["No commands yet."]
    return responses.answer(request, entries, *rows)


def _line(entry: AuditEntry) -> str:
    at = datetime.fromtimestamp(entry.at).astimezone()
    how = "ok" if entry.accepted else f"refused ({entry.rule}): {entry.why}"
    return f"{at:%Y-%m-%d %H:%M:%S}  {entry.role:<9} {entry.who}  {entry.command}  {how}"
