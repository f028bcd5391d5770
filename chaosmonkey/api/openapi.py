"""The OpenAPI document of this API, including the websocket messages.

OpenAPI does not describe websockets, so the messages' JSON Schemas are added to its components.
The pages' TypeScript is generated from it: `make types` writes both files, and a test fails when
they are stale.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from chaosmonkey.hub.messages import Beat, Delta, Snapshot
from chaosmonkey.hub.phone_views import Play

MESSAGES = (Snapshot, Delta, Play, Beat)
"""Websocket messages: `/ws` sends a Snapshot and then Deltas, `/ws/play` sends Plays, and both send
a Beat when idle."""


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an app; cached, because building it takes 50 ms."""
    if (made := getattr(app.state, "document", None)) is not None:
        known: dict[str, Any] = made
        return known
    found: dict[str, Any] = FastAPI.openapi(app)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for message in MESSAGES:
        schema = TypeAdapter(message).json_schema(
            mode="serialization", ref_template="#/components/schemas/{model}"
        )
        schemas |= schema.pop("$defs", {})
        schemas[message.__name__] = schema
    app.state.document = found
    return found
