"""The built pages without a server: a browser's requests are answered from the folder."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route

HERE = Path(__file__).parent
PAGES = HERE.parents[1] / "chaosmonkey" / "api" / "pages"
RECORDINGS = HERE / "recordings"
ORIGIN = "http://stage.test"
NAMES = {"/": "stage.html", "/console": "console.html", "/play": "phone.html"}
POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"
CODE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3H1z"/></svg>'

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
]


def serve(page: Page) -> None:
    """Answer everything that a page asks for; recordings lie under /recordings/."""
    page.route(f"{ORIGIN}/**", _answer)


def _answer(route: Route) -> None:
    path = urlsplit(route.request.url).path
    if path in ("/api/join.svg", "/api/wifi.svg"):
        route.fulfill(body=CODE, content_type="image/svg+xml")
        return
    folder = RECORDINGS.parent if path.startswith("/recordings/") else PAGES
    file = folder / NAMES.get(path, path).lstrip("/")
    if not file.is_file():
        route.fulfill(status=404, body="")
        return
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = {"Content-Security-Policy": POLICY}
    route.fulfill(body=file.read_bytes(), content_type=kind, headers=headers)


def hear(page: Page, *messages: dict[str, Any]) -> None:
    """Let a page that was opened with ?bench hear messages of the websocket."""
    page.evaluate(
        "messages => { for (const one of messages) window.chaosmonkey.board.hear(one); }",
        list(messages),
    )
