"""Every route of the API, in the order of the documentation."""

from __future__ import annotations

from fastapi import FastAPI

from chaosmonkey.api import (
    hands,
    inspect,
    join,
    kill,
    live,
    play,
    play_stream,
    presenter,
    rounds,
    state,
)

MODULES = (kill, state, presenter, rounds, join, play, inspect, hands, live, play_stream)


def add_routes(app: FastAPI) -> None:
    """Add them all."""
    for module in MODULES:
        app.include_router(module.router)
