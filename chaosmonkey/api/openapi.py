"""The OpenAPI document of this API, including the websocket messages.

OpenAPI does not describe websockets, so the messages' JSON Schemas are added to its components.
The pages' TypeScript is generated from it: `make types` writes both files, and a test fails when
they are stale.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import FastAPI
from pydantic import TypeAdapter

from chaosmonkey.api.phone_messages import PHONE_MESSAGE, Ack, Pong, Refused
from chaosmonkey.hub.messages import Beat, Delta, Snapshot
from chaosmonkey.hub.phone_views import Play

MESSAGES = {one.__name__: one for one in (Snapshot, Delta, Play, Beat, Ack, Pong, Refused)}
"""What the server sends: `/ws` a Snapshot and then Deltas, `/ws/play` Plays and for each request an
Ack, a Pong or a Refused, and both a Beat when idle."""


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an app; cached, because building it takes 50 ms."""
    if (made := getattr(app.state, "document", None)) is not None:
        known: dict[str, Any] = made
        return known
    found: dict[str, Any] = FastAPI.openapi(app)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for name, message in MESSAGES.items():
        _add(schemas, name, TypeAdapter(message), "serialization")
    _add(schemas, "PhoneMessage", PHONE_MESSAGE, "validation")
    app.state.document = found
    return found


def _add(
    schemas: dict[str, Any],
    name: str,
    message: TypeAdapter[Any],
    mode: Literal["serialization", "validation"],
) -> None:
    schema = message.json_schema(mode=mode, ref_template="#/components/schemas/{model}")
    schemas |= schema.pop("$defs", {})
    schemas[name] = schema
