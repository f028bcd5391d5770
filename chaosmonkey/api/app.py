"""The application: routes, middleware and uniform errors."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from chaosmonkey import __version__
from chaosmonkey.api import confirm, responses
from chaosmonkey.api.context import Context
from chaosmonkey.api.middleware.authentication import Authentication
from chaosmonkey.api.middleware.connectivity_checks import ConnectivityChecks
from chaosmonkey.api.middleware.head import HeadRequests
from chaosmonkey.api.middleware.prefix import PathPrefix
from chaosmonkey.api.middleware.request_guard import RequestGuard, Unconfirmed
from chaosmonkey.api.middleware.response_headers import ResponseHeaders
from chaosmonkey.api.openapi import document
from chaosmonkey.api.phone_backend import RoomBackend
from chaosmonkey.api.routes.all import add_routes
from chaosmonkey.api.routes.audited import note
from chaosmonkey.api.routes.login import login_page
from chaosmonkey.api.routes.pages import page_routes, read_static_files
from chaosmonkey.errors import BadInput, ChaosMonkeyError

PROBLEMS = 3
"""Wrong parameters that one answer lists."""

REPEATED = 80
"""Characters of a request's value that an answer repeats."""


class UnknownPath(BadInput):
    """Nothing is served at that path."""

    status = 404
    title = "Not found"


class MethodNotAllowed(BadInput):
    """The path does not allow that method."""

    status = 405
    title = "Method not allowed"


def create_app(context: Context) -> FastAPI:
    """Build the app for a context."""
    app = FastAPI(
        title="chaosmonkey",
        version=__version__,
        description="Cut the power or the network of a machine, and see how long Kubernetes takes.",
        docs_url=None,  # FastAPI's pages load scripts from a CDN; ours work offline
        redoc_url=None,
    )
    app.state.context = context
    app.state.phone_backend = RoomBackend(context)
    app.state.static_files = read_static_files()
    add_routes(app)
    app.openapi = lambda: document(app)  # type: ignore[method-assign] # as FastAPI documents it
    app.router.routes += [
        *page_routes(app.state.static_files),
        Route("/login", login_page),
        Route("/docs", _docs),
        Route("/docs.css", _docs_style),
    ]
    app.add_exception_handler(ChaosMonkeyError, _known_error)
    app.add_exception_handler(RequestValidationError, _bad_parameter)
    app.add_exception_handler(HTTPException, _http_error)
    # The last one added runs first.
    app.add_middleware(Authentication, authenticator=context.authenticator, refused=_wrong_token)
    app.add_middleware(HeadRequests)
    app.add_middleware(RequestGuard, settings=context.lab.server)
    app.add_middleware(ResponseHeaders)
    app.add_middleware(PathPrefix, prefix=context.lab.server.prefix)
    if context.lab.audience.connectivity_checks:
        app.add_middleware(ConnectivityChecks)
    return app


def _wrong_token(connection: HTTPConnection, error: ChaosMonkeyError) -> None:
    note(connection, error)


async def _known_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ChaosMonkeyError)
    if isinstance(error, Unconfirmed) and confirm.wants_page(request):
        return confirm.confirm_page(request)
    return responses.problem(request, error)


async def _bad_parameter(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    problems = [_bad_value(item) for item in found[:PROBLEMS]]
    if more := len(found) - len(problems):
        problems.append(f"and {more} more")
    return responses.problem(
        request, BadInput("; ".join(problems) + ".", remedy="/docs lists the parameters.")
    )


def _bad_value(item: Mapping[str, Any]) -> str:
    """One of pydantic's errors, such as "for: should be a valid number, not 'long'"."""
    name = ".".join(map(str, item["loc"][1:]))
    should = item["msg"].removeprefix("Value error, ").removeprefix("Input ")
    should = should.partition(", unable to parse")[0]
    given = "" if item["type"] == "missing" else f", not {_shortened(repr(item.get('input')))}"
    return f"{_shortened(name)}: {_shortened(should)}{given}"


def _shortened(text: str) -> str:
    """Limit how much of a request an answer repeats."""
    return text if len(text) <= REPEATED else f"{text[:REPEATED]}…"


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    match error.status_code:
        case 404:
            known: BadInput = UnknownPath(
                f"There is nothing at {request.url.path[:200]}.",
                remedy="/docs lists all paths.",
            )
        case 405:
            known = MethodNotAllowed(
                f"{request.method} is not allowed at {request.url.path[:200]}.",
                remedy="/docs lists the methods of each path.",
            )
        case _:
            known = BadInput(str(error.detail))
    return responses.problem(request, known)


async def _docs_style(_: Request) -> Response:
    style = files("chaosmonkey.api").joinpath("docs.css").read_text(encoding="utf-8")
    return Response(style, media_type="text/css")


async def _docs(request: Request) -> Response:
    """Render the OpenAPI document as one page of plain HTML."""
    document = request.app.openapi()
    rows = "".join(
        _docs_row(method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    )
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8><title>chaosmonkey: API</title>"
        '<link rel=stylesheet href="docs.css"><main><h1>API</h1>'
        f"<p>{escape(document['info']['description'])} "
        'Machine-readable: <a href="openapi.json">openapi.json</a>. curl gets plain text; '
        "send <code>Accept: application/json</code> to get JSON. Errors are "
        "application/problem+json with a <code>remedy</code>. Live: websocket <code>/ws</code>.</p>"
        f"<table><tr><th>Request<th>What it does<th>Parameters</tr>{rows}</table></main></html>"
    )


def _docs_row(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parameters = "".join(
        f"<li><code>{escape(one['name'])}</code> {escape(one.get('description', ''))}"
        for one in operation.get("parameters", [])
    )
    what = escape(operation.get("description", ""))
    call = f"{method.upper()} {escape(path)}"
    return f"<tr><td><code>{call}</code><td>{what}<td><ul>{parameters}</ul></tr>"
