"""Every route of the API, in the order of the documentation."""

from __future__ import annotations

from fastapi import FastAPI

from chaosmonkey.api import (
    audit,
    hands,
    inspect,
    join,
    kill,
    live,
    login,
    play,
    play_stream,
    preflight,
    presenter,
    rounds,
    safety,
    state,
)

MODULES = (
    kill,
    safety,
    state,
    presenter,
    rounds,
    join,
    play,
    inspect,
    hands,
    preflight,
    audit,
    login,
    live,
    play_stream,
)


def add_routes(app: FastAPI) -> None:
    """Add them all."""
    for module in MODULES:
        app.include_router(module.router)
