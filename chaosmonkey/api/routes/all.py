"""Every route of the API, in the order of the documentation."""

from __future__ import annotations

from fastapi import FastAPI

from chaosmonkey.api.routes import (
    audit,
    bench_proxy,
    inspect,
    join,
    kill,
    login,
    phone_websocket,
    phones,
    preflight,
    presenter,
    rounds,
    safety,
    state,
    websocket,
)

MODULES = (
    kill,
    safety,
    state,
    presenter,
    rounds,
    join,
    phones,
    inspect,
    bench_proxy,
    preflight,
    audit,
    login,
    websocket,
    phone_websocket,
)


def add_routes(app: FastAPI) -> None:
    """Add the routes of all modules to an app."""
    for module in MODULES:
        app.include_router(module.router)
