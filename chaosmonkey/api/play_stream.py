"""The phones' small stream, over a websocket."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket

from chaosmonkey.api import context
from chaosmonkey.api.doorkeeper import same_origin
from chaosmonkey.api.sockets import POLICY_VIOLATION, behind

router = APIRouter()

PATIENCE = 3
"""Messages that a phone may say here before it is shown out: what phones say, they say by POST."""


@router.websocket("/ws/play")
async def stream(socket: WebSocket) -> None:
    """The phones' stream: Play messages, only ever the latest."""
    if not same_origin(socket.headers):
        await socket.close(POLICY_VIOLATION, "a page of another site")
        return
    await socket.accept()
    ctx = context.of(socket)
    with ctx.presence.here("phone"), ctx.phones.told(behind(socket)):
        for _ in range(PATIENCE + 1):
            if (await socket.receive())["type"] == "websocket.disconnect":
                return
    await socket.close(POLICY_VIOLATION, "nothing is to be said here")
