"""One answer in the form that the caller reads: JSON for programs, plain text for a bare curl."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request
from starlette.datastructures import Headers
from starlette.responses import Response

from chaosmonkey.access import Role
from chaosmonkey.audience.redaction import remedy_for_the_hall, sentence_for_the_hall
from chaosmonkey.control.restore import RestoreResult
from chaosmonkey.errors import ChaosMonkeyError
from chaosmonkey.visible import visible

TOLD_TO_PHONES = ("allowed_at",)
"""Facts of a refusal that a phone needs."""

TERMINALS = ("curl/", "wget/", "httpie/")


def wants_text(request: Request) -> bool:
    """Whether a person reads the answer in a terminal.

    A type named in Accept decides; curl, which takes anything, gets text.
    """
    accept = request.headers.get("accept", "*/*")
    if "json" in accept:
        return False
    if "text/html" in accept:
        return True  # a browser that sent a form shows it as it is
    terminal = is_terminal(request.headers)
    return accept.startswith("text/plain") or (terminal and accept.startswith("*/*"))


def is_terminal(headers: Headers) -> bool:
    """Whether the request comes from a terminal."""
    return headers.get("user-agent", "").lower().startswith(TERMINALS)


def answer(request: Request, value: Any, *rows: str, status: int = 200) -> Response:
    """The value as JSON, or the text."""
    if wants_text(request):
        return plain(*rows, status=status)
    return json(value, status=status)


def json(value: Any, *, status: int = 200) -> Response:
    """A value as JSON."""
    return Response(orjson.dumps(value), status, media_type="application/json")


def plain(*rows: str, status: int = 200) -> Response:
    """Plain text, one line per row; `visible` escapes line breaks within a row."""
    text = "".join(f"{visible(row)}\n" for row in rows)
    return Response(text, status, media_type="text/plain")


def turned_on(what: RestoreResult, *, nothing: str) -> list[str]:
    """What became of feeds that should be on, as rows; `nothing` if all were on before."""
    said = [f"On again: {', '.join(what.restored)}."] if what.restored else []
    if what.on_its_way:
        said.append(
            f"On its way: {', '.join(what.on_its_way)}. Not confirmed by the device yet; the "
            "server keeps retrying."
        )
    return said or [nothing]


def problem(request: Request, error: ChaosMonkeyError) -> Response:
    """An error as problem+json (RFC 9457) with its remedy, or as two lines of text."""
    message, remedy, facts = error.message, error.remedy, error.facts
    caller = request.scope.get("caller")
    if caller is not None and caller.role is Role.AUDIENCE:
        message, remedy = sentence_for_the_hall(error), remedy_for_the_hall(error)
        facts = {name: facts[name] for name in TOLD_TO_PHONES if name in facts}
        facts["shown_in_round"] = error.shown_in_round
    if wants_text(request):
        return plain(*filter(None, (message, remedy)), status=error.status)
    body: Mapping[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": message,
        "remedy": remedy,
        "rule": error.rule or None,
        **facts,
    }
    return Response(
        orjson.dumps(body, default=str), error.status, media_type="application/problem+json"
    )
