"""The preflight of a running server, for the console; like `chaosmonkey check --live`."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from chaosmonkey.access import Verb
from chaosmonkey.api import responses
from chaosmonkey.api.context import Ctx
from chaosmonkey.api.middleware import authentication
from chaosmonkey.preflight import Finding

router = APIRouter(tags=["state"])


@router.get(
    "/api/preflight",
    operation_id="preflight",
    response_model=list[Finding],
    dependencies=[Depends(authentication.requires(Verb.READ))],
)
async def preflight(request: Request, ctx: Ctx) -> Response:
    """Check this machine, every plug and the cluster; each finding says how to fix it."""
    findings = [finding async for finding in ctx.preflight()]
    rows = [f"{one.level:<8} {one.about}: {one.says} {one.remedy}".rstrip() for one in findings]
    return responses.answer(request, findings, *rows)
