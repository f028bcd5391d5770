"""The phones' websocket."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket
from starlette.requests import HTTPConnection

from chaosmonkey.api.cookies import cookie_name
from chaosmonkey.api.middleware.authentication import address_of
from chaosmonkey.api.middleware.request_guard import same_origin
from chaosmonkey.api.phone_backend import PhoneBackend
from chaosmonkey.api.phone_session import PhoneSession
from chaosmonkey.api.transport.client_limits import POLICY_VIOLATION
from chaosmonkey.api.transport.phone_connection import PhoneConnection
from chaosmonkey.api.transport.websocket_protocol import protocol_of
from chaosmonkey.audience.seats import COOKIE

router = APIRouter()

PATH = "/ws/play"


@router.websocket(PATH)
async def stream(socket: WebSocket) -> None:
    """Stream Play messages to a phone, and carry out its requests.

    Any of our pages may subscribe; a phone is counted once it has a seat: by its cookie in the
    handshake, or by a hello. `fast_path` accepts most handshakes; this route gets the others.
    """
    if not same_origin(socket):
        await socket.close(POLICY_VIOLATION, "a page of another site")
        return
    await socket.accept()
    phone = protocol_of(socket).switch_to_phone()
    begin_session(socket.app.state.phone_backend, socket, phone)


def begin_session(backend: PhoneBackend, handshake: HTTPConnection, phone: PhoneConnection) -> None:
    """Begin the session of a phone whose handshake was accepted."""
    PhoneSession(
        backend,
        phone,
        address=address_of(handshake),
        cookie=handshake.cookies.get(cookie_name(COOKIE, handshake)),
    )
