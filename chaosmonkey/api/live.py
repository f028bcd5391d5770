"""The websocket: a snapshot, then deltas, until somebody leaves or cannot keep up."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from chaosmonkey.api import context
from chaosmonkey.api.doorkeeper import same_origin
from chaosmonkey.hub import Closed, Subscription, TooSlow

router = APIRouter()

POLICY_VIOLATION = 1008
GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013


@router.websocket("/ws")
async def live(socket: WebSocket) -> None:
    """Stream what is shown; docs/protocol.md describes the messages."""
    if not same_origin(socket.headers):
        await socket.close(POLICY_VIOLATION, "a page of another site")
        return
    await socket.accept()
    watching = context.of(socket).hub.subscribe()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_send(socket, watching), name="send")
            await _until_gone(socket)
            watching.end()
    finally:
        watching.end()


async def _send(socket: WebSocket, watching: Subscription) -> None:
    """Pass every message on; a reader that blocks here fills its buffer and is cut off."""
    try:
        while True:
            message, _ = await watching.next()
            await socket.send_text(message.decode())
    except TooSlow:
        await _close(socket, TRY_AGAIN_LATER, "too slow; come back for a snapshot")
    except Closed:
        await _close(socket, GOING_AWAY, "the server stops")
    except (WebSocketDisconnect, RuntimeError):
        return  # it left while a message was on its way


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    try:
        await socket.close(code, reason)
    except (WebSocketDisconnect, RuntimeError):
        return  # it had left already


async def _until_gone(socket: WebSocket) -> None:
    """Return when the other side has left; what it says is not listened to."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
