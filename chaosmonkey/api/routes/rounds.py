"""The public report of a round: its state, and the data to verify a draw."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from chaosmonkey.api import responses
from chaosmonkey.api.context import Context, Ctx
from chaosmonkey.audience import Mode, RoundState
from chaosmonkey.audience.seats import tag
from chaosmonkey.hub.round_view_builders import show_round
from chaosmonkey.hub.round_views import RoundView

router = APIRouter(tags=["rounds"])

FORMULA = 'the smallest hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()'


@dataclass(frozen=True, slots=True)
class Entrant:
    """The public view of a participant.

    Attributes:
        withdrawn: whether the place was given up; it is not drawn.
        guess: the guessed seconds, once guessing is closed.
    """

    ticket: int
    tag: str
    name: str
    withdrawn: bool
    guess: float | None


@dataclass(frozen=True, slots=True)
class RoundReport:
    """The round, its participants, and how its draw is computed.

    Attributes:
        draw: which name wins; names are ticket numbers, or machines in a tie.
        entrants: the participants; empty in a vote, which is secret.
    """

    round: RoundView | None
    draw: str
    entrants: tuple[Entrant, ...]


@router.get("/api/round", operation_id="round", response_model=RoundReport)
async def current_round(request: Request, ctx: Ctx) -> Response:
    """Return the current or last round, and the data to verify its draw."""
    report = RoundReport(show_round(ctx.room), FORMULA, _entrants(ctx))
    return responses.answer(request, report, *_rows(report))


def _entrants(ctx: Context) -> tuple[Entrant, ...]:
    current = ctx.room.current_round.round
    if current is None or current.mode is Mode.VOTE:
        return ()
    revealed = current.mode is Mode.BET and current.state is not RoundState.OPEN
    return tuple(
        Entrant(
            ticket=entry.ticket,
            tag=tag(entry.who),
            name=ctx.room.names.of(entry.who),
            withdrawn=entry.ticket in current.withdrawn,
            guess=float(entry.value) if revealed else None,
        )
        for entry in ctx.room.current_round.box
    )


def _rows(report: RoundReport) -> list[str]:
    view = report.round
    if view is None:
        return ["No round has been opened yet."]
    lines = [f"{view.mode}, {view.state}: {view.says}", f"sha256 of the seed: {view.commitment}"]
    if view.seed is not None:
        lines += [f"seed: {view.seed}", f"drawn: {report.draw}"]
    return lines
