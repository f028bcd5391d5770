"""Requests to a running server; a refusal becomes an error with the matching exit code."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import httpx

from chaosmonkey.cli.say import say, say_text
from chaosmonkey.config import own_token
from chaosmonkey.errors import BadInput, ChaosMonkeyError, CutRefused, Unavailable

TEXT = {"Accept": "text/plain"}
LINES = {"Accept": "application/x-ndjson"}


class NotRecovered(ChaosMonkeyError):
    """The cluster did not recover from the cut that the command waited for."""

    exit_code: ClassVar[int] = 5
    title = "Not recovered"


UNIX = "unix:"
MEANT = {"X-Chaosmonkey": "1"}
"""Says that a program means this server, and was not redirected to it (docs/security.md)."""


class ServerClient(httpx.Client):
    """A client of the server at a URL, or at `unix:` and the path of its control socket."""

    def __init__(self, server: str) -> None:
        headers = {"Accept": "application/json", **MEANT}
        if token := own_token():
            headers["Authorization"] = f"Bearer {token}"
        local = server.startswith(UNIX)
        super().__init__(
            base_url="http://localhost" if local else server,
            transport=httpx.HTTPTransport(uds=server.removeprefix(UNIX)) if local else None,
            timeout=60,  # restoring waits until the plug is read back
            headers=headers,
        )
        self.server = server


def send(client: ServerClient, method: str, path: str, **request: Any) -> httpx.Response:
    """Send one request; a refusal becomes an error with the matching exit code."""
    try:
        response = client.request(method, path, **request)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise _unreachable(client, error) from None
    _raise_for(response)
    return response


def show_plan(client: ServerClient, path: str, query: dict[str, Any]) -> None:
    """Print what a cut would do; raise CutRefused if it is forbidden now."""
    plan = send(client, "POST", path, params=query).json()
    text = send(client, "POST", path, params=query, headers=TEXT).text
    say_text(text)
    if not plan["allowed"]:
        refusal = plan["refusals"][0]
        raise CutRefused(refusal["detail"], remedy=refusal["remedy"])


def follow(client: ServerClient, path: str, query: dict[str, Any]) -> None:
    """Print the milestones of a cut as they arrive; raise NotRecovered without a recovery."""
    last: dict[str, Any] = {}
    try:
        with client.stream("POST", path, params=query, headers=LINES, timeout=None) as response:
            if response.is_error:
                response.read()
                _raise_for(response)
            for line in response.iter_lines():
                last = json.loads(line)
                at = f"{last['at']:+8.1f} s  " if "at" in last else ""
                say(at + last["text"])
    except httpx.TransportError as error:
        raise _unreachable(client, error) from None
    match last:
        case {"outcome": "unnoticed"}:
            raise NotRecovered(
                "Kubernetes did not notice the cut, so there was no recovery to wait for.",
                remedy="Cut for longer: --for 60",
            )
        case {"recovery_seconds": float() | int()} | {"outcome": None, "awaited": 0}:
            return
        case _:
            raise NotRecovered("The cluster did not recover in time.")


def _unreachable(client: ServerClient, error: Exception) -> Unavailable:
    return Unavailable(
        f"No server answers at {client.server}: {error}.",
        remedy="Start one (chaosmonkey demo), or set --server or CHAOSMONKEY_URL.",
    )


def _raise_for(response: httpx.Response) -> None:
    """Raise the server's problem as an error of ours; return if there is none."""
    if not response.is_error:
        return
    message, *rest = response.text.strip().split("\n")
    remedy = " ".join(rest)
    if "json" in response.headers.get("content-type", ""):
        body = response.json()
        message = str(body.get("detail") or body.get("message") or message)
        remedy = str(body.get("remedy") or "")
    match response.status_code:
        case 401 | 403 | 409 | 429:
            raise CutRefused(message, remedy=remedy)
        case 502 | 503 | 504:
            raise Unavailable(message, remedy=remedy)
        case status if status < 500:
            raise BadInput(message, remedy=remedy)
        case _:
            raise ChaosMonkeyError(message, remedy=remedy)
