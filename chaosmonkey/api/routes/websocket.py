"""The websocket: a snapshot, then deltas, until the reader leaves or falls behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from chaosmonkey.access import Verb
from chaosmonkey.api import context
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.middleware.authentication import neighbourhood
from chaosmonkey.api.middleware.request_guard import same_origin
from chaosmonkey.api.transport.client_limits import GOING_AWAY, POLICY_VIOLATION
from chaosmonkey.errors import ChaosMonkeyError
from chaosmonkey.hub import Closed, Presence, Subscription, TooSlow
from chaosmonkey.hub.messages import Beat
from chaosmonkey.hub.phone_stream import BEAT
from chaosmonkey.hub.room_views import sees_all

router = APIRouter()

TRY_AGAIN_LATER = 1013

SIGNED_OUT = 4401
"""Close code for a console without a presenter's session: an application's code, after 401."""


@router.websocket("/ws")
async def live(socket: WebSocket, role: Literal["stage", "console", "viewer"] = "viewer") -> None:
    """Stream the state and its changes; docs/protocol.md describes the messages."""
    if not same_origin(socket):
        await socket.close(POLICY_VIOLATION, "a page of another site")
        return
    await socket.accept()
    ctx = context.of(socket)
    if role == "console" and not await _may_present(socket, ctx):
        await _close(socket, SIGNED_OUT, "sign in as the presenter")
        return
    # The presenter may open the stage, but everyone sees it: it never shows addresses.
    watching = ctx.hub.subscribe(
        full=role != "stage" and sees_all(authentication.caller_of(socket))
    )
    address = neighbourhood(authentication.address_of(socket))
    counted = ctx.presence.stage(address) if role == "stage" else ctx.presence.here(role)
    try:
        with counted:
            async with asyncio.TaskGroup() as tasks:
                sending = send_all(socket, watching, presence=ctx.presence, now=ctx.clock.now)
                tasks.create_task(sending, name="send")
                check = None
                if role == "console":
                    check = tasks.create_task(_check(socket, ctx), name="session")
                await listen(socket, ctx.presence, stage=address if role == "stage" else None)
                watching.end()
                if check is not None:
                    check.cancel()
    finally:
        watching.end()


async def send_all(
    socket: WebSocket, watching: Subscription, *, presence: Presence, now: Callable[[], float]
) -> None:
    """Send every message; a reader that blocks fills its buffer and is disconnected."""
    try:
        while True:
            try:
                async with asyncio.timeout(BEAT):
                    message, delta = await watching.next()
            except TimeoutError:
                await socket.send_text(orjson.dumps(Beat("beat", now())).decode())
                continue
            if delta is not None:
                presence.sent(delta.seq, _real_now())
            await socket.send_text(message.decode())
    except TooSlow:
        await _close(socket, TRY_AGAIN_LATER, "too slow; reconnect for a snapshot")
    except Closed:
        await _close(socket, GOING_AWAY, "the server stops")
    except (WebSocketDisconnect, RuntimeError):
        return  # the client disconnected while a message was sent


async def _check(socket: WebSocket, ctx: context.Context) -> None:
    """Close a console when its session has ended, so that it does not seem able to act."""
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
        return  # the client has disconnected already


async def listen(socket: WebSocket, presence: Presence, *, stage: str | None) -> None:
    """Receive until the client disconnects; only a stage's {"drawn": seq} is used."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        if stage is not None and (seq := _drawn(message.get("text"))) is not None:
            presence.drawn(stage, seq, _real_now())


def _drawn(text: str | None) -> int | None:
    try:
        message = orjson.loads(text or "null")
    except orjson.JSONDecodeError:
        return None
    match message:
        case {"drawn": int(seq)}:
            return seq
        case _:
            return None


def _real_now() -> float:
    """Return real time, independent of a demo's speed: it measures a network and a browser."""
    return asyncio.get_running_loop().time()
