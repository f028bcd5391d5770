"""The confirmation page for a command opened in a browser: one button sends it by POST."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse

WORDS = {
    "kill": "Cut {machine}",
    "restore": "Restore power and network of {machine}",
    "arm": "Arm the table",
    "disarm": "Disarm the table",
    "halt": "HALT: everything on",
    "release": "Release HALT",
}
"""The button's label, by the first segment of the path."""


def wants_page(request: Request) -> bool:
    """Whether the request comes from a browser's address bar."""
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


def confirm_page(request: Request) -> HTMLResponse:
    """Return a form that sends the command; without an action it posts to the same URL."""
    command, _, machine = request.url.path.strip("/").partition("/")
    words = WORDS.get(command, "Do it").format(machine=machine)
    root = "../" if machine else "./"
    page = files("chaosmonkey.api").joinpath("confirm.html").read_text(encoding="utf-8")
    return HTMLResponse(
        page.replace("<!-- root -->", root).replace("<!-- words -->", escape(words))
    )
