"""The presenter's requests besides cuts: choose the scene, run a round, approve a press."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field

from chaosmonkey.access import Verb
from chaosmonkey.api.context import Context, Ctx
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.middleware.request_guard import may_change
from chaosmonkey.api.routes.audited import Command
from chaosmonkey.audience import Mode, OpenRound, Round, Scene
from chaosmonkey.hub.round_view_builders import show_round
from chaosmonkey.hub.round_views import RoundView
from chaosmonkey.model import FeedKind

router = APIRouter(
    tags=["presenter"],
    route_class=Command,
    dependencies=[Depends(may_change), Depends(authentication.requires(Verb.PRESENT))],
)


class ShowChange(BaseModel):
    """Changes of the show; omitted fields stay as they are."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    scene: Scene | None = None
    """The scene on the stage."""

    blank: bool | None = None
    """Whether the stage is dark."""

    feed: FeedKind | None = None
    """The feed that a cut from the console or by the crowd takes."""

    light: bool | None = None
    """Whether the stage uses its theme for bright rooms."""

    turn: Literal[-1, 1] | None = None
    """Show the next scene (1) or the previous one (-1)."""


class RoundOpening(BaseModel):
    """The options of a new round."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    mode: Mode = Mode.VOTE
    """The kind of round."""

    seconds: float | None = Field(default=None, gt=0)
    """After how long it closes automatically; if omitted, you close it."""

    approve: bool | None = None
    """Whether each press needs your approval; by default in a raffle, a queue and free presses."""

    machine: str | None = Field(default=None, max_length=253)
    """The machine that a bet is about."""

    patience: float = Field(default=30.0, gt=0)
    """Seconds in which the person whose turn it is must press."""


class ExecuteBody(BaseModel):
    """Options for carrying out a round's decision."""

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


class Press(BaseModel):
    """Which press is meant; by now another one may be waiting."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    ticket: int | None = None
    """The ticket that pressed."""

    machine: str | None = Field(default=None, max_length=253)
    """The machine it wants to cut."""


class Nameless(BaseModel):
    """The seat whose nickname is removed."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    tag: str = Field(pattern="^[0-9a-f]{6}$")
    """The tag of the seat, as rounds show it."""


OneOpening = Annotated[RoundOpening | None, Body()]
OnePress = Annotated[Press | None, Body()]


@router.post("/api/round/open", operation_id="open_round")
async def open_round(ctx: Ctx, opening: OneOpening = None) -> RoundView:
    """Open a round; a running one is cancelled."""
    options = opening or RoundOpening()
    ctx.room.open(OpenRound(**options.model_dump()))
    return _now(ctx)


@router.post("/api/round/close", operation_id="close_round")
async def close_round(ctx: Ctx) -> RoundView:
    """Stop accepting votes, tickets, guesses and presses. In a raffle, draw."""
    ctx.room.current_round.close()
    return _now(ctx)


@router.post("/api/round/cancel", operation_id="cancel_round")
async def cancel_round(ctx: Ctx) -> RoundView:
    """Cancel the round; nothing more is cut."""
    ctx.room.current_round.cancel()
    return _now(ctx)


@router.post("/api/round/execute", operation_id="execute_round")
async def execute_round(
    ctx: Ctx, execution: Annotated[ExecuteBody | None, Body()] = None
) -> RoundView:
    """Cut the machine that the crowd chose, or that a bet is about."""
    done = await ctx.room.execute(execution.machine if execution is not None else None)
    return _shown(ctx, done)


@router.post("/api/round/draw", operation_id="draw_round")
async def draw_round(ctx: Ctx) -> RoundView:
    """Draw: a ticket in a raffle, which closes it, or one of the leaders of a tie."""
    ctx.room.draw()
    return _now(ctx)


@router.post("/api/round/redraw", operation_id="redraw_round")
async def redraw_round(ctx: Ctx) -> RoundView:
    """Take the button back and draw again."""
    ctx.room.draw_again()
    return _now(ctx)


@router.post("/api/round/next", operation_id="next_in_round")
async def next_in_round(ctx: Ctx) -> RoundView:
    """Take the button back in a queue, and call the next ticket."""
    ctx.room.next()
    return _now(ctx)


@router.post("/api/round/approve", operation_id="approve_press")
async def approve_press(ctx: Ctx, press: OnePress = None) -> RoundView:
    """Approve a press, and cut its machine."""
    done = await ctx.room.approve(**(press.model_dump() if press is not None else {}))
    return _shown(ctx, done)


@router.post("/api/round/veto", operation_id="veto_press")
async def veto_press(ctx: Ctx, press: OnePress = None) -> RoundView:
    """Veto a press."""
    ctx.room.veto(**(press.model_dump() if press is not None else {}))
    return _now(ctx)


@router.post("/api/names/clear", operation_id="clear_name")
async def clear_name(ctx: Ctx, nameless: Nameless) -> dict[str, list[str]]:
    """Remove a nickname; the seat keeps its place, and may choose another."""
    return {"cleared": ctx.room.clear_name(nameless.tag)}


def _now(ctx: Context) -> RoundView:
    """Return the view of the current round."""
    view = show_round(ctx.room)
    assert view is not None
    return view


def _shown(ctx: Context, done: Round) -> RoundView:
    """Return the view of the round that was carried out, even if another was opened since."""
    view = _now(ctx)
    if view.id == done.id:
        return view
    last = done.last
    outage = last.outage if last is not None else None
    machine = last.machine if last is not None else None
    return replace(
        view, id=done.id, mode=done.mode, state=done.state, chosen=machine, outage=outage
    )
