"""The websocket: a snapshot, then deltas, until the reader leaves or falls behind."""

from __future__ import annotations

import asyncio
from typing import Literal

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from chaosmonkey.access import Verb
from chaosmonkey.api import context
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.middleware.authentication import neighbourhood
from chaosmonkey.api.middleware.request_guard import same_origin
from chaosmonkey.api.transport.listener import GOING_AWAY, POLICY_VIOLATION
from chaosmonkey.errors import ChaosMonkeyError
from chaosmonkey.hub import Closed, Presence, Subscription, TooSlow
from chaosmonkey.hub.messages import Beat
from chaosmonkey.hub.phone_stream import BEAT
from chaosmonkey.hub.room_views import sees_all

router = APIRouter()

TRY_AGAIN_LATER = 1013

SIGNED_OUT = 4401
"""A console without a presenter's session: one of the codes left to applications, after 401."""


def beat(ctx: context.Context) -> str:
    """The sign of life."""
    return orjson.dumps(Beat("beat", ctx.clock.now())).decode()


@router.websocket("/ws")
async def live(socket: WebSocket, role: Literal["stage", "console", "viewer"] = "viewer") -> None:
    """Stream what is shown; docs/protocol.md describes the messages."""
    if not same_origin(socket):
        await socket.close(POLICY_VIOLATION, "a page of another site")
        return
    await socket.accept()
    ctx = context.of(socket)
    if role == "console" and not await _may_present(socket, ctx):
        await _close(socket, SIGNED_OUT, "sign in as the presenter")
        return
    # The stage's page may be the presenter's, and everyone sees what it shows.
    watching = ctx.hub.subscribe(
        full=role != "stage" and sees_all(authentication.caller_of(socket))
    )
    address = neighbourhood(authentication.address_of(socket))
    counted = ctx.presence.stage(address) if role == "stage" else ctx.presence.here(role)
    try:
        with counted:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_send(socket, watching, ctx), name="send")
                check = None
                if role == "console":
                    check = tasks.create_task(_check(socket, ctx), name="session")
                await _listen(socket, ctx.presence, stage=address if role == "stage" else None)
                watching.end()
                if check is not None:
                    check.cancel()
    finally:
        watching.end()


async def _send(socket: WebSocket, watching: Subscription, ctx: context.Context) -> None:
    """Pass every message on; a reader that blocks here fills its buffer and is cut off."""
    try:
        while True:
            try:
                async with asyncio.timeout(BEAT):
                    message, delta = await watching.next()
            except TimeoutError:
                await socket.send_text(beat(ctx))
                continue
            if delta is not None:
                ctx.presence.sent(delta.seq, _real_now())
            await socket.send_text(message.decode())
    except TooSlow:
        await _close(socket, TRY_AGAIN_LATER, "too slow; come back for a snapshot")
    except Closed:
        await _close(socket, GOING_AWAY, "the server stops")
    except (WebSocketDisconnect, RuntimeError):
        return  # it left while a message was on its way


async def _check(socket: WebSocket, ctx: context.Context) -> None:
    """Close a console when its session has ended: it looks as if it could still act."""
    while True:
        await asyncio.sleep(BEAT)
        if not await _may_present(socket, ctx):
            await _close(socket, SIGNED_OUT, "the session has ended")
            return


async def _may_present(socket: WebSocket, ctx: context.Context) -> bool:
    try:
        return (await ctx.authenticator.recognise(socket)).may(Verb.PRESENT)
    except ChaosMonkeyError:
        return False


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    try:
        await socket.close(code, reason)
    except (WebSocketDisconnect, RuntimeError):
        return  # it had left already


async def _listen(socket: WebSocket, presence: Presence, *, stage: str | None) -> None:
    """Return when the other side has left. Only a stage's {"drawn": seq} is heard."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        if stage is not None and (seq := _drawn(message.get("text"))) is not None:
            presence.drawn(stage, seq, _real_now())


def _drawn(text: str | None) -> int | None:
    try:
        said = orjson.loads(text or "null")
    except orjson.JSONDecodeError:
        return None
    match said:
        case {"drawn": int(seq)}:
            return seq
        case _:
            return None


def _real_now() -> float:
    """Real time, whatever the speed of a demo: this measures a network and a browser."""
    return asyncio.get_running_loop().time()
