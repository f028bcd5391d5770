"""The phones' small stream, over a websocket."""

from __future__ import annotations

from contextlib import ExitStack

from fastapi import APIRouter, WebSocket

from chaosmonkey.api import context
from chaosmonkey.api.doorkeeper import same_origin
from chaosmonkey.api.ears import POLICY_VIOLATION
from chaosmonkey.api.sockets import behind

router = APIRouter()

PATIENCE = 3
"""Messages that a phone may say here before it is shown out: what phones say, they say by POST."""


@router.websocket("/ws/play")
async def stream(socket: WebSocket) -> None:
    """The phones' stream: Play messages, only ever the latest."""
    if not same_origin(socket):
        await socket.close(POLICY_VIOLATION, "a page of another site")
        return
    await socket.accept()
    ctx = context.of(socket)
    ear = behind(socket).hand_over(PATIENCE)
    with ExitStack() as here:
        here.enter_context(ctx.presence.here("phone"))
        here.enter_context(ctx.phones.told(ear))
        ear.when_gone(here.pop_all().close)
