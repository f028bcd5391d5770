"""Serve the three pages and their assets, which the build of frontend/ puts into `pages/`.

    /  stage.html      /console  console.html      /play  phone.html      /assets/*  immutable

The console is for presenters; others are redirected to /login. Assets are named by their content,
so browsers cache them; pages are fetched each time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from chaosmonkey.access import Verb
from chaosmonkey.api import responses
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.routes import login
from chaosmonkey.api.routes.assets import asset_route
from chaosmonkey.errors import Unavailable

FOLDER = Path(__file__).parents[1] / "pages"
PAGES = {"/": "stage.html", "/play": "phone.html"}


class NotBuilt(Unavailable):
    """The pages are missing from this installation."""

    title = "Pages not built"


def page_routes() -> list[BaseRoute]:
    """Return the routes of the pages; without a build they answer NotBuilt."""
    return [*public_page_routes(), Route(login.CONSOLE, _console)]


def public_page_routes() -> list[BaseRoute]:
    """Return the routes of the pages that are for everyone."""
    routes: list[BaseRoute] = [Route(path, _page(name)) for path, name in PAGES.items()]
    if (FOLDER / "assets").is_dir():
        routes.append(asset_route(FOLDER / "assets"))
    return routes


async def _console(request: Request) -> Response:
    """Serve the console to presenters, and redirect others to the sign-in form."""
    if token := request.query_params.get("token"):
        return await login.exchange(request, token)
    if not authentication.caller_of(request).may(Verb.PRESENT):
        return RedirectResponse("./login", 303)
    return await _page("console.html")(request)


def _page(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        if (FOLDER / name).is_file():
            return Response((FOLDER / name).read_bytes(), media_type="text/html")
        return responses.problem(
            request,
            NotBuilt(
                "This installation has no built pages.",
                remedy="In a checkout: make pages. The API works without them; see /docs.",
            ),
        )

    return serve
