"""The phones' small stream, over a websocket."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from chaosmonkey.api import context
from chaosmonkey.api.doorkeeper import same_origin
from chaosmonkey.api.live import BEAT, beat

router = APIRouter()


@router.websocket("/ws/play")
async def stream(socket: WebSocket) -> None:
    """The phones' stream: Play messages, only ever the latest."""
    if not same_origin(socket.headers):
        await socket.close(1008, "a page of another site")
        return
    await socket.accept()
    ctx = context.of(socket)
    with ctx.presence.here("phone"):
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(_tell(socket, ctx), name="tell a phone")
            while (await socket.receive())["type"] != "websocket.disconnect":
                pass  # what phones have to say, they say by POST
            telling.cancel()


async def _tell(socket: WebSocket, ctx: context.Context) -> None:
    seq = 0
    try:
        while True:
            try:
                async with asyncio.timeout(BEAT):
                    told = await ctx.phones.next(seq)
            except TimeoutError:
                await socket.send_text(beat(ctx))
                continue
            if told is None:
                await socket.close(1001, "the server stops")
                return
            seq, message = told
            await socket.send_text(message.decode())
    except (WebSocketDisconnect, RuntimeError):
        return  # it left while a message was on its way
