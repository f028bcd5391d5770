"""The edge's application: phone page, read-only stage, their websockets, and health.

It has no route that changes anything: what a phone requests goes over NATS to the table's server,
which decides. Whoever asks for the console or for an API call gets 404 and is sent to the table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from chaosmonkey.api import responses
from chaosmonkey.api.middleware.authentication import address_of, neighbourhood
from chaosmonkey.api.middleware.head import HeadRequests
from chaosmonkey.api.middleware.prefix import PathPrefix
from chaosmonkey.api.middleware.request_guard import RequestGuard, same_origin
from chaosmonkey.api.middleware.response_headers import ResponseHeaders
from chaosmonkey.api.routes.join import code_image, join_short, join_with_code
from chaosmonkey.api.routes.pages import public_page_routes
from chaosmonkey.api.routes.phone_websocket import begin_session
from chaosmonkey.api.routes.websocket import listen, send_all
from chaosmonkey.api.static_files import StaticFile
from chaosmonkey.api.transport.client_limits import POLICY_VIOLATION
from chaosmonkey.api.transport.websocket_protocol import protocol_of
from chaosmonkey.config import EdgeSettings
from chaosmonkey.edge.backend import EdgeBackend
from chaosmonkey.errors import BadInput
from chaosmonkey.hub import Hub

NOT_YET = 1013
"""Websocket close code "try again later"."""


class NotOnAnEdge(BadInput):
    """The path exists on the table's server only, or nowhere."""

    status = 404
    title = "Not found"


def create_edge_app(
    settings: EdgeSettings,
    backend: EdgeBackend,
    hub: Hub,
    *,
    files: Mapping[str, StaticFile],
    not_ready: Callable[[], list[str]],
) -> Starlette:
    """Build the app.

    Args:
        settings: names and addresses of this edge.
        files: the pages and assets.
        backend: carries out what phones request.
        hub: the stage.
        not_ready: why this edge cannot serve phones; empty if it can.
    """

    async def join(request: Request) -> Response:
        code = request.path_params.get("code")
        return await (join_short() if code is None else join_with_code(code[:40]))

    async def join_code(_: Request) -> Response:
        show = hub.shown("show").get("show", {})
        return code_image(show.get("join_url", ""), show.get("join_code", ""))

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        reasons = not_ready()
        return JSONResponse(
            {"ready": not reasons, "reasons": reasons}, status_code=503 if reasons else 200
        )

    async def phone(socket: WebSocket) -> None:
        if not same_origin(socket):
            await socket.close(POLICY_VIOLATION, "a page of another site")
        elif not backend.ready:
            await socket.accept()
            await socket.close(NOT_YET, "this edge has no link to the table yet")
        else:
            await socket.accept()
            begin_session(backend, socket, protocol_of(socket).switch_to_phone())

    async def stage(socket: WebSocket) -> None:
        if not same_origin(socket) or socket.query_params.get("role") == "console":
            await socket.close(POLICY_VIOLATION, "only stages are served here")
            return
        await socket.accept()
        watching = hub.subscribe()
        address = neighbourhood(address_of(socket))
        try:
            with backend.presence.stage(address):
                async with asyncio.TaskGroup() as tasks:
                    sending = send_all(socket, watching, presence=backend.presence, now=hub.now)
                    tasks.create_task(sending, name="send")
                    await listen(socket, backend.presence, stage=address)
                    watching.end()
        finally:
            watching.end()

    async def unknown(request: Request, _: Exception) -> Response:
        missing = NotOnAnEdge(
            f"An edge has no {request.url.path[:80]}.",
            remedy="Phones: /play. Stage: /. Everything else is on the table's server.",
        )
        return responses.problem(request, missing)

    app = Starlette(
        routes=[
            *public_page_routes(files),
            Route("/j", join),
            Route("/j/{code}", join),
            Route("/api/join.svg", join_code),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            WebSocketRoute("/ws/play", phone),
            WebSocketRoute("/ws", stage),
        ],
        exception_handlers={404: unknown, 405: unknown},
    )
    # The last one added runs first.
    app.add_middleware(HeadRequests)
    app.add_middleware(RequestGuard, settings=settings.server)
    app.add_middleware(ResponseHeaders)
    app.add_middleware(PathPrefix, prefix=settings.server.prefix)
    return app
