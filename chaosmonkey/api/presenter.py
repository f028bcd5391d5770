"""What the presenter does besides cutting: choose the scene, run a round."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field

from chaosmonkey.api.context import Ctx
from chaosmonkey.api.doorkeeper import may_change
from chaosmonkey.audience import Scene
from chaosmonkey.hub.foyer import show_round
from chaosmonkey.hub.views import RoundView
from chaosmonkey.model import FeedKind

router = APIRouter(tags=["presenter"], dependencies=[Depends(may_change)])


class ShowChange(BaseModel):
    """What to change of what is shown; what is left out stays."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    scene: Scene | None = None
    """Which scene the stage shows."""

    blank: bool | None = None
    """Whether the stage is dark."""

    feed: FeedKind | None = None
    """What a cut from the console or by the crowd cuts."""

    light: bool | None = None
    """Whether the stage wears its theme for bright rooms."""

    turn: Literal[-1, 1] | None = None
    """The next scene (1) or the previous (-1)."""


class RoundOpening(BaseModel):
    """How a round is opened."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    seconds: float | None = Field(default=None, gt=0)
    """After how long it closes by itself; not at all if left out."""


class Execution(BaseModel):
    """What a round does."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    machine: str | None = None
    """Which of the leaders, if there is a tie."""


@router.post("/api/show", operation_id="show")
async def show(ctx: Ctx, change: ShowChange) -> dict[str, str]:
    """Change what the stage shows."""
    changes = change.model_dump(exclude_none=True)
    turn = changes.pop("turn", None)
    if changes:
        ctx.room.set(**changes)
    if turn is not None:
        ctx.room.turn(turn)
    return {"scene": ctx.room.show.scene}


@router.post("/api/round/open", operation_id="open_round")
async def open_round(ctx: Ctx, opening: Annotated[RoundOpening | None, Body()] = None) -> RoundView:
    """Open a vote on which machine is cut."""
    return show_round(ctx.room.open(opening.seconds if opening is not None else None))


@router.post("/api/round/close", operation_id="close_round")
async def close_round(ctx: Ctx) -> RoundView:
    """Take no more votes."""
    return show_round(ctx.room.close())


@router.post("/api/round/cancel", operation_id="cancel_round")
async def cancel_round(ctx: Ctx) -> RoundView:
    """Give the round up; nothing is cut."""
    return show_round(ctx.room.cancel())


@router.post("/api/round/execute", operation_id="execute_round")
async def execute_round(
    ctx: Ctx, execution: Annotated[Execution | None, Body()] = None
) -> RoundView:
    """Cut the machine that the crowd decided on."""
    machine = execution.machine if execution is not None else None
    return show_round(await ctx.room.execute(machine))
