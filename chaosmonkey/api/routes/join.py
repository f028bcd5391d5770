"""Bring phones to their page: short addresses to type, and codes to scan.

/j/CODE ─► /play?code=CODE        /j ─► /play, which asks for the code
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Annotated

import segno
from fastapi import APIRouter, Path
from segno import helpers
from starlette.responses import RedirectResponse, Response

from chaosmonkey.api.context import Ctx
from chaosmonkey.audience.join_codes import normalised, scanned_url
from chaosmonkey.errors import BadInput

router = APIRouter(tags=["joining"])


LONGEST_CODE = 40
"""Characters; longer ones are refused."""


class NoWifi(BadInput):
    """No Wi-Fi is configured."""

    status = 404
    title = "No Wi-Fi"


@router.get("/j", operation_id="join_short")
async def join_short() -> Response:
    """Redirect to the phone page, which asks for the code."""
    return RedirectResponse("./play", 302)


@router.get("/j/{code}", operation_id="join_with_code")
async def join_with_code(code: Annotated[str, Path(max_length=LONGEST_CODE)]) -> Response:
    """Redirect to the phone page, with the code that the stage shows."""
    return redirect_with_code(code)


@router.get("/api/join.svg", operation_id="join_code")
async def join_code(ctx: Ctx) -> Response:
    """Return the QR code of the phone page, including the current join code."""
    return code_image(ctx.join_url(), ctx.room.codes.current)


@router.get("/api/wifi.svg", operation_id="wifi_code")
async def wifi_code(ctx: Ctx) -> Response:
    """Return the QR code that connects a phone to the Wi-Fi, including the password."""
    audience = ctx.lab.audience
    if not audience.wifi_ssid:
        raise NoWifi(
            "No Wi-Fi is configured.", remedy="Set wifi_ssid and wifi_password in [audience]."
        )
    secured = audience.wifi_security != "nopass"
    return _svg(
        _wifi_picture(
            audience.wifi_ssid,
            password=audience.wifi_password.get_secret_value() if secured else None,
            security=audience.wifi_security,
        )
    )


def code_image(join_url: str, code: str) -> Response:
    """Return the QR code of a phone page with a join code, if there is one."""
    return _svg(_join_picture(scanned_url(join_url, code)))


@lru_cache(maxsize=8)
def _join_picture(address: str) -> bytes:
    """Draw the QR code; cached, because drawing takes 5 ms on a laptop."""
    return _drawn(segno.make(address, error="m", micro=False))


@lru_cache(maxsize=1)
def _wifi_picture(ssid: str, *, password: str | None, security: str) -> bytes:
    return _drawn(helpers.make_wifi(ssid=ssid, password=password, security=security))


def _drawn(code: segno.QRCode) -> bytes:
    image = BytesIO()
    code.save(image, kind="svg", border=2, omitsize=True, xmldecl=False)
    return image.getvalue()


def _svg(image: bytes) -> Response:
    return Response(image, media_type="image/svg+xml")


def redirect_with_code(code: str) -> RedirectResponse:
    """Return the redirect from /j/CODE to the phone page."""
    return RedirectResponse(f"../play?code={_ascii(code)}", 302)


def _ascii(code: str) -> str:
    """Keep the characters that a code can have; nothing else reaches the redirect's URL."""
    return "".join(letter for letter in normalised(code) if letter.isascii())
