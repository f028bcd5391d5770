"""Sign in: exchange a presenter's token for a cookie, and remove it from the address bar.

/console?token=…  ─► cookie, 303 ─► /console         a form for it: /login
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from importlib.resources import files
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from chaosmonkey.access import Caller, Role
from chaosmonkey.access.sessions import COOKIE, LASTS
from chaosmonkey.api.context import Ctx
from chaosmonkey.api.cookies import cookie_name
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.middleware.request_guard import may_change
from chaosmonkey.api.routes.audited import Command, note
from chaosmonkey.errors import ChaosMonkeyError

router = APIRouter(tags=["who is who"])
commands = APIRouter(tags=["who is who"], route_class=Command, dependencies=[Depends(may_change)])

CONSOLE = "/console"

FORM = {
    "schema": {
        "type": "object",
        "properties": {"token": {"type": "string"}},
        "required": ["token"],
    }
}


@dataclass(frozen=True, slots=True)
class CallerView:
    """The caller of a request: role and token scopes.

    Attributes:
        signed_in: whether a session identifies the caller; it can be ended.
    """

    role: Role
    name: str
    scopes: tuple[str, ...]
    signed_in: bool


@router.get("/api/me", operation_id="me")
async def me(request: Request, ctx: Ctx) -> CallerView:
    """Return the caller, as this server identifies it."""
    caller = authentication.caller_of(request)
    session = ctx.authenticator.session(request)
    return CallerView(
        role=caller.role,
        name=caller.name,
        scopes=tuple(str(scope) for scope in caller.scopes),
        signed_in=session is not None and session.token == caller.token,
    )


@commands.post(
    "/login",
    operation_id="login",
    openapi_extra={"requestBody": {"content": {"application/x-www-form-urlencoded": FORM}}},
)
async def login(request: Request, ctx: Ctx) -> Response:
    """Exchange a presenter's token for a session."""
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    token = form.get("token", [""])[0]
    try:
        caller = await _presenter(ctx.authenticator, token, request)
    except ChaosMonkeyError as error:
        note(request, error)
        return _form(error.message, status=error.status)
    return signed_in(ctx.authenticator, caller, request)


@commands.post("/logout", operation_id="logout")
async def logout(request: Request, ctx: Ctx) -> Response:
    """End the session of this browser and of every copy of its cookie."""
    session = ctx.authenticator.session(request)
    if session is not None:
        ctx.authenticator.sessions.end(session)
    response = RedirectResponse("./", 303)
    response.delete_cookie(cookie_name(COOKIE, request), httponly=True, samesite="strict")
    return response


async def login_page(_: Request) -> Response:
    """Return the form for a presenter's token."""
    return _form("")


async def exchange(request: Request, token: str) -> Response:
    """Answer a request for a page with a token in its URL: sign in, or show the form."""
    authenticator: authentication.Authenticator = request.app.state.context.authenticator
    try:
        return signed_in(authenticator, await _presenter(authenticator, token, request), request)
    except ChaosMonkeyError as error:
        note(request, error)
        return _form(error.message, status=error.status)


def signed_in(
    authenticator: authentication.Authenticator, caller: Caller, request: Request
) -> Response:
    """Redirect to the console, with the cookie of a new session."""
    response = RedirectResponse(f".{CONSOLE}", 303)
    response.set_cookie(
        cookie_name(COOKIE, request),
        authenticator.sessions.open(caller.token),
        max_age=LASTS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


async def _presenter(
    authenticator: authentication.Authenticator, token: str, request: Request
) -> Caller:
    caller = await authenticator.exchange(token.strip(), authentication.address_of(request))
    if caller.role is not Role.PRESENTER:
        raise authentication.PermissionDenied(
            f"The token '{caller.name}' is a script's, not a presenter's.",
            remedy="Create one: chaosmonkey token new NAME --presenter",
        )
    return caller


def _form(trouble: str, *, status: int = 200) -> Response:
    page = files("chaosmonkey.api").joinpath("login.html").read_text(encoding="utf-8")
    alert = f"<p role=alert>{escape(trouble)}</p>" if trouble else ""
    return HTMLResponse(page.replace("<!-- trouble -->", alert), status)


router.include_router(commands)
