"""The phones' small stream, over a websocket."""

from __future__ import annotations

from contextlib import ExitStack

from fastapi import APIRouter, WebSocket

from chaosmonkey.api import context
from chaosmonkey.api.cookies import cookie_name
from chaosmonkey.api.middleware.request_guard import same_origin
from chaosmonkey.api.transport.listener import POLICY_VIOLATION
from chaosmonkey.api.transport.websocket_protocol import protocol_of
from chaosmonkey.audience.seats import COOKIE

router = APIRouter()

PATIENCE = 3
"""Messages that a phone may say here before it is shown out: what phones say, they say by POST."""


@router.websocket("/ws/play")
async def stream(socket: WebSocket) -> None:
    """The phones' stream: Play messages, only ever the latest.

    Any page may listen. A phone counts as one once its seat's cookie comes with the handshake.
    """
    if not same_origin(socket):
        await socket.close(POLICY_VIOLATION, "a page of another site")
        return
    await socket.accept()
    ctx = context.of(socket)
    phone = protocol_of(socket).hand_over(PATIENCE)
    with ExitStack() as here:
        seat = ctx.seats.recognise(socket.cookies.get(cookie_name(COOKIE, socket)))
        if seat is not None:
            here.enter_context(ctx.presence.seated(seat))
        here.enter_context(ctx.phones.subscribed(phone))
        phone.when_gone(here.pop_all().close)
