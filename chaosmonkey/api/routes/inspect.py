"""Inspect one object of the cluster: its state, events and logs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from chaosmonkey.access import Verb
from chaosmonkey.api import responses
from chaosmonkey.api.context import Ctx
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.middleware.request_guard import may_change
from chaosmonkey.api.routes.audited import Command
from chaosmonkey.cluster.describe import Kind
from chaosmonkey.model import Description

router = APIRouter(tags=["drill-down"])

commands = APIRouter(
    tags=["drill-down"],
    route_class=Command,
    dependencies=[Depends(may_change), Depends(authentication.requires(Verb.PRESENT))],
)

Reading = [Depends(authentication.requires(Verb.READ))]

Name = Annotated[str, Path(max_length=253, pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")]
Namespace = Annotated[str, Path(max_length=63, pattern=r"^(-|[a-z0-9]([a-z0-9-]*[a-z0-9])?)$")]


@router.get(
    "/api/describe/{kind}/{namespace}/{name}", operation_id="describe", dependencies=Reading
)
async def describe(ctx: Ctx, kind: Kind, namespace: Namespace, name: Name) -> Description:
    """Describe an object: state, conditions, containers, events. A node's namespace is "-"."""
    return await ctx.inspector.describe(kind, namespace, name)


@router.get("/api/logs/{namespace}/{pod}", operation_id="logs", dependencies=Reading)
async def logs(
    ctx: Ctx,
    namespace: Namespace,
    pod: Name,
    container: Annotated[str | None, Query(max_length=63)] = None,
    tail: Annotated[int, Query(ge=1, le=2000)] = 100,
) -> Response:
    """Return the last log lines of a pod's container, as text."""
    text = await ctx.inspector.logs(namespace, pod, container=container, tail=tail)
    return responses.plain(*text.rstrip("\n").split("\n"))


@commands.delete("/api/pods/{namespace}/{pod}", operation_id="delete_pod")
async def delete_pod(
    ctx: Ctx,
    namespace: Namespace,
    pod: Name,
    uid: Annotated[
        str | None, Query(max_length=64, description="Only if the pod has this uid.")
    ] = None,
) -> dict[str, str]:
    """Delete a pod, as kubectl does; its controller creates another."""
    await ctx.inspector.delete_pod(namespace, pod, uid=uid)
    return {"deleted": f"{namespace}/{pod}"}


router.include_router(commands)
