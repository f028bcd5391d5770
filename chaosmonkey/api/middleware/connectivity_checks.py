"""Answer the connectivity checks by which phones decide whether a Wi-Fi reaches the internet.

    captive.apple.com/hotspot-detect.html ─► the answer that the phone expects
    any other path or host                ─► the request guard, which refuses foreign host names

A phone that joins a Wi-Fi fetches a fixed address of its vendor. Without the expected answer it may
show a login page, leave the Wi-Fi, or send everything over mobile data. The table's own Wi-Fi has
no internet; its DNS server gives these names the address of this machine (docs/on-stage.md).
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from chaosmonkey.api.middleware.request_guard import without_port

_APPLE = "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"

_FIREFOX = (
    '<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'
)
"""Firefox compares the whole page with its preference `captivedetect.canonicalContent`."""

_NEVER_CACHED = {"Cache-Control": "no-store"}

_NO_CONTENT = Response(status_code=204, headers=_NEVER_CACHED)

ANSWERS: dict[tuple[str, str], Response] = {
    ("captive.apple.com", "/hotspot-detect.html"): HTMLResponse(_APPLE, headers=_NEVER_CACHED),
    ("connectivitycheck.gstatic.com", "/generate_204"): _NO_CONTENT,
    ("clients3.google.com", "/generate_204"): _NO_CONTENT,
    ("www.google.com", "/gen_204"): _NO_CONTENT,
    ("www.msftconnecttest.com", "/connecttest.txt"): PlainTextResponse(
        "Microsoft Connect Test", headers=_NEVER_CACHED
    ),
    ("detectportal.firefox.com", "/canonical.html"): HTMLResponse(_FIREFOX, headers=_NEVER_CACHED),
    ("detectportal.firefox.com", "/success.txt"): PlainTextResponse(
        "success\n", headers=_NEVER_CACHED
    ),
}
"""Host and path of each check, and its answer: iOS and macOS, Android, Windows, Firefox."""


class ConnectivityChecks:
    """ASGI middleware that answers connectivity checks and passes on everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a check, or pass the request on."""
        answer = _answer(scope) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)


def _answer(scope: Scope) -> Response | None:
    if scope["method"] not in ("GET", "HEAD"):
        return None
    host = without_port(Headers(scope=scope).get("host", "")).lower()
    return ANSWERS.get((host, scope["path"]))
