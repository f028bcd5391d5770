"""Format answers for the caller: JSON for programs, plain text for terminals."""

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

PHONE_FACTS = ("allowed_at",)
"""Facts of a refusal that phones get."""

TERMINALS = ("curl/", "wget/", "httpie/")


def wants_text(request: Request) -> bool:
    """Whether to answer in plain text.

    A type named in Accept decides; curl, which accepts anything, gets text.
    """
    accept = request.headers.get("accept", "*/*")
    if "json" in accept:
        return False
    if "text/html" in accept:
        return True  # a browser shows the answer to a form as it is
    terminal = is_terminal(request.headers)
    return accept.startswith("text/plain") or (terminal and accept.startswith("*/*"))


def is_terminal(headers: Headers) -> bool:
    """Whether the request comes from a terminal client."""
    return headers.get("user-agent", "").lower().startswith(TERMINALS)


def answer(request: Request, value: Any, *rows: str, status: int = 200) -> Response:
    """Answer with the value as JSON, or with the rows as text."""
    if wants_text(request):
        return plain(*rows, status=status)
    return json(value, status=status)


def json(value: Any, *, status: int = 200) -> Response:
    """Answer with a value as JSON."""
    return Response(orjson.dumps(value), status, media_type="application/json")


def plain(*rows: str, status: int = 200) -> Response:
    """Answer in plain text, one line per row; `visible` escapes line breaks within a row."""
    text = "".join(f"{visible(row)}\n" for row in rows)
    return Response(text, status, media_type="text/plain")


def turned_on(what: RestoreResult, *, nothing: str) -> list[str]:
    """Describe restored feeds, as rows; `nothing` if all were on before."""
    rows = [f"On again: {', '.join(what.restored)}."] if what.restored else []
    if what.on_its_way:
        rows.append(
            f"On its way: {', '.join(what.on_its_way)}. Not confirmed by the device yet; the "
            "server keeps retrying."
        )
    return rows or [nothing]


def for_the_hall(error: ChaosMonkeyError) -> dict[str, Any]:
    """Return the fields of a problem as a phone gets it."""
    return {
        "status": error.status,
        "title": error.title,
        "detail": sentence_for_the_hall(error),
        "remedy": remedy_for_the_hall(error),
        "rule": error.rule or None,
        "allowed_at": error.facts.get("allowed_at"),
        "shown_in_round": error.shown_in_round,
    }


def problem(request: Request, error: ChaosMonkeyError) -> Response:
    """Answer with an error as problem+json (RFC 9457), or as two lines of text."""
    message, remedy, facts = error.message, error.remedy, error.facts
    caller = request.scope.get("caller")
    if caller is not None and caller.role is Role.AUDIENCE:
        message, remedy = sentence_for_the_hall(error), remedy_for_the_hall(error)
        facts = {name: facts[name] for name in PHONE_FACTS if name in facts}
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
