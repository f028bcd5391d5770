"""The one document of this API: OpenAPI, with the websockets' messages merged in.

OpenAPI knows no websockets, so the messages' JSON Schemas are added to its components. The pages'
TypeScript is generated from it: `make types` writes both files, a test says when they are stale.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from chaosmonkey.hub.messages import Beat, Delta, Snapshot
from chaosmonkey.hub.phone_views import Play

MESSAGES = (Snapshot, Delta, Play, Beat)
"""What the websockets say: `/ws` a Snapshot and then Deltas, `/ws/play` one Play after another, and
both a Beat when there is nothing to say."""


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an app, messages included; made once, for that takes 50 ms."""
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
