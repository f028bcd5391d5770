"""The phones' websocket."""

from __future__ import annotations

from contextlib import ExitStack

from fastapi import APIRouter, WebSocket

from chaosmonkey.api import context
from chaosmonkey.api.cookies import cookie_name
from chaosmonkey.api.middleware.request_guard import same_origin
from chaosmonkey.api.transport.client_limits import POLICY_VIOLATION
from chaosmonkey.api.transport.websocket_protocol import protocol_of
from chaosmonkey.audience.seats import COOKIE

router = APIRouter()

PATIENCE = 3
"""Messages that a phone may send before the connection is closed; phones act by POST."""


@router.websocket("/ws/play")
async def stream(socket: WebSocket) -> None:
    """Stream Play messages to a phone, only the latest.

    Any of our pages may subscribe; a phone is counted if its handshake has a seat's cookie.
    """
    if not same_origin(socket):
        await socket.close(POLICY_VIOLATION, "a page of another site")
        return
    await socket.accept()
    ctx = context.of(socket)
    phone = protocol_of(socket).switch_to_phone(PATIENCE)
    with ExitStack() as here:
        seat = ctx.seats.recognise(socket.cookies.get(cookie_name(COOKIE, socket)))
        if seat is not None:
            here.enter_context(ctx.presence.seated(seat))
        here.enter_context(ctx.phones.subscribed(phone))
        phone.on_close(here.pop_all().close)
