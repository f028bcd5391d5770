"""The three pages and what they load, as the build of frontend/ left them in `pages/`.

    /  stage.html      /console  console.html      /play  phone.html      /assets/*  never changes

The console is for presenters; everybody else is led to /login. A build's assets are named by their
content, so browsers keep them; the pages are asked for anew.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from chaosmonkey.access import Verb
from chaosmonkey.api import answers, login, who
from chaosmonkey.errors import Unavailable

FOLDER = Path(__file__).parent / "pages"
PAGES = {"/": "stage.html", "/play": "phone.html"}

SMALLEST = 500
"""Bytes from which on compressing is worth it: 2,000 phones load the same script at once."""

FOR_EVER = "public, max-age=31536000, immutable"

mimetypes.add_type("font/woff2", ".woff2")  # not every Raspberry Pi's table knows it


class NotBuilt(Unavailable):
    """The pages are missing from this installation."""

    title = "Pages not built"


class Assets(StaticFiles):
    """Static files that browsers may keep."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """As ever, with a header that says so."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type] # passed on
        response.headers["Cache-Control"] = FOR_EVER
        return response


def page_routes() -> list[BaseRoute]:
    """Routes of the pages, and of a word of explanation where they were not built."""
    routes: list[BaseRoute] = [Route(path, _page(name)) for path, name in PAGES.items()]
    routes.append(Route(login.CONSOLE, _console))
    if (FOLDER / "assets").is_dir():
        assets = GZipMiddleware(Assets(directory=FOLDER / "assets"), minimum_size=SMALLEST)
        routes.append(Mount("/assets", assets))
    return routes


async def _console(request: Request) -> Response:
    """The console, for presenters; the way in for everybody else."""
    if token := request.query_params.get("token"):
        return await login.exchange(request, token)
    if not who.of(request).may(Verb.PRESENT):
        return RedirectResponse("/login", 303)
    return await _page("console.html")(request)


def _page(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        if (FOLDER / name).is_file():
            return FileResponse(FOLDER / name, media_type="text/html")
        return answers.problem(
            request,
            NotBuilt(
                "The pages were not built into this installation.",
                remedy="In a checkout: make pages. The API works without them; see /docs.",
            ),
        )

    return serve
