"""Routes that change something: each call is recorded in the audit log, accepted or refused."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection
from starlette.types import Scope

from chaosmonkey.access import Caller, Role
from chaosmonkey.api import context
from chaosmonkey.api.middleware import authentication
from chaosmonkey.api.middleware.head import WAS_HEAD
from chaosmonkey.errors import ChaosMonkeyError
from chaosmonkey.store import AuditEntry

AUDITED_PARAMETERS = ("feed", "kind", "for", "dry_run")
"""Query parameters that are recorded."""

LONGEST = 300
"""Characters of a path or a reason that are recorded."""


class Command(APIRoute):
    """A route whose calls are recorded in the audit log."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler so that it records the call."""
        answer = super().get_route_handler()

        async def answer_and_note(request: Request) -> Response:
            if WAS_HEAD in request.scope:
                raise HTTPException(405)
            try:
                response = await answer(request)
            except ChaosMonkeyError as error:
                note(request, error)
                raise
            except RequestValidationError as error:
                note(request, error.errors()[0]["msg"])
                raise
            note(request)
            return response

        return answer_and_note


def note(connection: HTTPConnection, refusal: ChaosMonkeyError | str | None = None) -> None:
    """Record a command, and the reason if it was refused."""
    scope = connection.scope
    caller = scope.get("caller") or unknown(connection)
    audit(context.of(connection), caller, _command(scope), refusal)


def audit(
    ctx: context.Context, caller: Caller, command: str, refusal: ChaosMonkeyError | str | None
) -> None:
    """Record what a caller requested, and the reason if it was refused."""
    why = refusal.message if isinstance(refusal, ChaosMonkeyError) else refusal or ""
    rule = ""
    if isinstance(refusal, ChaosMonkeyError):
        rule = refusal.rule or refusal.title.lower()
    elif refusal:
        rule = "bad input"
    ctx.audit.note(
        AuditEntry(
            at=ctx.clock.now(),
            who=caller.name,
            role=caller.role,
            address=caller.address,
            command=command[:LONGEST],
            accepted=refusal is None,
            rule=rule,
            why=why[:LONGEST],
        )
    )


def unknown(connection: HTTPConnection) -> Caller:
    """Return the caller of a request with an invalid token."""
    address = authentication.address_of(connection)
    return Caller(Role.VIEWER, address, address)


def _command(scope: Scope) -> str:
    method = scope.get("method", "WEBSOCKET")
    query = "&".join(_query_shown(scope))
    return f"{method} {scope['path'][:LONGEST]}" + (f"?{query}" if query else "")


def _query_shown(scope: Scope) -> list[str]:
    """Return the recorded query parameters; others may contain a secret."""
    query = scope.get("query_string", b"").decode("latin-1")
    return [
        part[:40]
        for part in query.split("&")
        if part.partition("=")[0] in AUDITED_PARAMETERS
        and part.partition("=")[2].replace(".", "").isalnum()
    ]
