"""Serve the three pages and their assets, which the build of frontend/ puts into `pages/`.

    /  stage.html      /console  console.html      /play  phone.html      /assets/*  immutable

The console is for presenters; others are redirected to /login. `fast_path` answers for the stage,
the phones' page and the assets; these routes get the requests that it leaves alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from chaosmonkey.access import Verb
from chaosmonkey.api import responses
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.routes import login
from chaosmonkey.api.static_files import ASSETS, StaticFile, read_assets, read_page
from chaosmonkey.errors import BadInput, Unavailable

FOLDER = Path(__file__).parents[1] / "pages"
PAGES = {"/": "stage.html", "/play": "phone.html", login.CONSOLE: "console.html"}

Page = Callable[[Request], Awaitable[Response | ASGIApp]]


class NotBuilt(Unavailable):
    """The pages are missing from this installation."""

    title = "Pages not built"


class NoAsset(BadInput):
    """The build has no such file: a page of an older build requested it."""

    status = 404
    title = "Not found"


def read_static_files() -> Mapping[str, StaticFile]:
    """Read all pages and assets of the build, by path; none if there is no build."""
    pages = {
        path: read_page(FOLDER / name) for path, name in PAGES.items() if (FOLDER / name).is_file()
    }
    folder = FOLDER / "assets"
    return pages | dict(read_assets(folder) if folder.is_dir() else {})


def page_routes(files: Mapping[str, StaticFile]) -> list[BaseRoute]:
    """Return the routes of the pages; without a build they answer NotBuilt."""
    return [*public_page_routes(files), _console_route(files)]


def public_page_routes(files: Mapping[str, StaticFile]) -> list[BaseRoute]:
    """Return the routes of the pages that are for everyone."""

    async def asset(request: Request) -> Response | ASGIApp:
        name = request.path_params["name"]
        if (file := files.get(f"{ASSETS}{name}")) is not None:
            return file.response(request.headers.get("accept-encoding", ""))
        missing = NoAsset(f"There is no {name[:80]} in this build.", remedy="Reload the page.")
        return responses.problem(request, missing)

    public = (path for path in PAGES if path != login.CONSOLE)
    routes: list[BaseRoute] = [Route(path, _page(files, path)) for path in public]
    if any(path.startswith(ASSETS) for path in files):
        routes.append(Route(ASSETS + "{name}", asset))
    return routes


def _console_route(files: Mapping[str, StaticFile]) -> Route:
    async def console(request: Request) -> Response | ASGIApp:
        """Serve the console to presenters, and redirect others to the sign-in form."""
        if token := request.query_params.get("token"):
            return await login.exchange(request, token)
        if not authentication.caller_of(request).may(Verb.PRESENT):
            return RedirectResponse("./login", 303)
        return await _page(files, login.CONSOLE)(request)

    return Route(login.CONSOLE, console)


def _page(files: Mapping[str, StaticFile], path: str) -> Page:
    async def serve(request: Request) -> Response | ASGIApp:
        if (page := files.get(path)) is not None:
            return page.plain
        return responses.problem(
            request,
            NotBuilt(
                "This installation has no built pages.",
                remedy="In a checkout: make pages, then restart the server. The API works without "
                "them; see /docs.",
            ),
        )

    return serve
