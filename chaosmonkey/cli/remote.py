"""The commands that speak to a running server: kill, restore, halt, status, history, watch."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

import httpx
import typer

from chaosmonkey.errors import BadInput, ChaosMonkeyError, CutRefused, Unavailable

Machine = Annotated[str, typer.Argument(help="A machine's name, such as node3.")]
ServerUrl = Annotated[
    str, typer.Option("--server", envvar="CHAOSMONKEY_URL", help="The server's address.")
]
DEFAULT_URL = "http://127.0.0.1:8080"


class NotRecovered(ChaosMonkeyError):
    """The cluster did not recover from a cut that was waited for."""

    exit_code: ClassVar[int] = 5
    title = "Not recovered"


def add_to(app: typer.Typer) -> None:
    """Add these commands to an app."""
    for command in (kill, restore, halt, status, history, watch):
        app.command()(command)


def kill(
    machine: Machine,
    kind: Annotated[Literal["power", "network"], typer.Option(help="What is cut.")] = "power",
    seconds: Annotated[
        float | None, typer.Option("--for", help="Seconds until it is restored.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has recovered.")] = False,
    server: ServerUrl = DEFAULT_URL,
) -> None:
    """Cut the power or the network of a machine.

    Example: chaosmonkey kill node3 --for 30 --wait || echo "did not recover"
    """
    query: dict[str, Any] = {"kind": kind}
    if seconds is not None:
        query["for"] = seconds
    path = f"/kill/{quote(machine, safe='')}"
    with _client(server) as client:
        if wait:
            _follow(client, path, query | {"wait": "recovered"})
        else:
            typer.echo(ask(client, "POST", path, params=query, headers=TEXT).text.rstrip())


def restore(machine: Machine, server: ServerUrl = DEFAULT_URL) -> None:
    """Give a machine its power and network back now.

    Example: chaosmonkey restore node3
    """
    with _client(server) as client:
        path = f"/restore/{quote(machine, safe='')}"
        typer.echo(ask(client, "POST", path, headers=TEXT).text.rstrip())


def halt(server: ServerUrl = DEFAULT_URL) -> None:
    """Give every machine its power and network back now.

    Example: chaosmonkey halt
    """
    with _client(server) as client:
        typer.echo(ask(client, "POST", "/halt", headers=TEXT).text.rstrip())


def status(server: ServerUrl = DEFAULT_URL) -> None:
    """Machines, plugs, what Kubernetes believes, and open outages.

    Example: chaosmonkey status
    """
    from rich.console import Console  # noqa: PLC0415 - each command loads what it needs

    from chaosmonkey.cli.screen import draw  # noqa: PLC0415

    with _client(server) as client:
        answer = ask(client, "GET", "/api/state").json()
    Console().print(draw(answer["state"], answer["at"]))


def history(
    server: ServerUrl = DEFAULT_URL,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    form: Annotated[Literal["table", "json", "csv"], typer.Option("--format")] = "table",
) -> None:
    """The latest outages and how long recovery took.

    Example: chaosmonkey history --format csv > outages.csv
    """
    with _client(server) as client:
        if form != "table":
            query = {"limit": limit, "format": form}
            typer.echo(ask(client, "GET", "/api/outages", params=query).text.rstrip())
            return
        outages = ask(client, "GET", "/api/outages", params={"limit": limit}).json()
    if not outages:
        typer.echo("No outages yet. Make one: chaosmonkey kill node3")
    for outage in outages:
        took = outage["recovery_seconds"]
        began = datetime.fromisoformat(outage["began"]).astimezone()
        phases = " + ".join(f"{name} {took:.1f}" for name, took in outage["phases"].items())
        typer.echo(
            f"{began:%Y-%m-%d %H:%M:%S}  {outage['machine']:<10} "
            f"{outage['feed'] or 'observed':<8} {outage['outcome'] or 'under way':<10} "
            + (f"{took:6.1f} s = {phases}" if took is not None else "")
        )


def watch(server: ServerUrl = DEFAULT_URL) -> None:
    """The board in the terminal, live, until Ctrl-C.

    Example: chaosmonkey watch
    """
    from chaosmonkey.cli.screen import follow  # noqa: PLC0415

    try:
        asyncio.run(follow(server))
    except KeyboardInterrupt:
        return


# --- speaking HTTP ------------------------------------------------------------------------------

TEXT = {"Accept": "text/plain"}


def _client(server: str) -> httpx.Client:
    # Restoring waits for the plug to be read back, which may take its time.
    return httpx.Client(base_url=server, timeout=60, headers={"Accept": "application/json"})


def ask(client: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
    """One request; what the server refuses becomes an error with the exit code that fits."""
    try:
        response = client.request(method, path, **request)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise _unreachable(client, error) from None
    _raise_for(response)
    return response


def _follow(client: httpx.Client, path: str, query: dict[str, Any]) -> None:
    """Print the milestones of a cut as they come; raise NotRecovered if it does not."""
    last = ""
    try:
        with client.stream("POST", path, params=query, headers=TEXT, timeout=None) as response:
            if response.is_error:
                response.read()
                _raise_for(response)
            for line in response.iter_lines():
                typer.echo(line)
                last = line
    except httpx.TransportError as error:
        raise _unreachable(client, error) from None
    if not last.startswith("recovery time:"):
        raise NotRecovered("The cluster did not recover while this waited.")


def _unreachable(client: httpx.Client, error: Exception) -> Unavailable:
    return Unavailable(
        f"No server answers at {client.base_url}: {error}.",
        remedy="Start one (chaosmonkey demo), or name it with --server or CHAOSMONKEY_URL.",
    )


def _raise_for(response: httpx.Response) -> None:
    """Nothing if the server agreed, else its problem as an error of ours."""
    if not response.is_error:
        return
    message, remedy = response.text.strip(), ""
    if "json" in response.headers.get("content-type", ""):
        body = response.json()
        message = str(body.get("detail") or body.get("message") or message)
        remedy = str(body.get("remedy") or "")
    match response.status_code:
        case 403 | 409:
            raise CutRefused(message, remedy=remedy)
        case 502 | 503 | 504:
            raise Unavailable(message, remedy=remedy)
        case status if status < 500:
            raise BadInput(message, remedy=remedy)
        case _:
            raise ChaosMonkeyError(message, remedy=remedy)
