"""The commands that speak to a running server: kill, restore, halt, status, history, watch."""

from __future__ import annotations

import asyncio
from datetime import datetime
from types import ModuleType
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

Machine = Annotated[str, typer.Argument(help="A machine's name, such as node3.")]
ServerUrl = Annotated[
    str, typer.Option("--server", envvar="CHAOSMONKEY_URL", help="The server's address.")
]
DEFAULT_URL = "http://127.0.0.1:8080"


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
    http = _http()
    with http.open_client(server) as client:
        if wait:
            http.follow(client, path, query | {"wait": "recovered"})
        else:
            typer.echo(
                http.ask(client, "POST", path, params=query, headers=http.TEXT).text.rstrip()
            )


def restore(machine: Machine, server: ServerUrl = DEFAULT_URL) -> None:
    """Give a machine its power and network back now.

    Example: chaosmonkey restore node3
    """
    http = _http()
    with http.open_client(server) as client:
        path = f"/restore/{quote(machine, safe='')}"
        typer.echo(http.ask(client, "POST", path, headers=http.TEXT).text.rstrip())


def halt(server: ServerUrl = DEFAULT_URL) -> None:
    """Give every machine its power and network back now.

    Example: chaosmonkey halt
    """
    http = _http()
    with http.open_client(server) as client:
        typer.echo(http.ask(client, "POST", "/halt", headers=http.TEXT).text.rstrip())


def status(server: ServerUrl = DEFAULT_URL) -> None:
    """Machines, plugs, what Kubernetes believes, and open outages.

    Example: chaosmonkey status
    """
    from rich.console import Console  # noqa: PLC0415 - each command loads what it needs

    from chaosmonkey.cli.screen import draw  # noqa: PLC0415

    http = _http()
    with http.open_client(server) as client:
        answer = http.ask(client, "GET", "/api/state").json()
    Console().print(draw(answer["state"], answer["at"]))


def history(
    server: ServerUrl = DEFAULT_URL,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    form: Annotated[Literal["table", "json", "csv"], typer.Option("--format")] = "table",
) -> None:
    """The latest outages and how long recovery took.

    Example: chaosmonkey history --format csv > outages.csv
    """
    http = _http()
    with http.open_client(server) as client:
        if form != "table":
            query = {"limit": limit, "format": form}
            typer.echo(http.ask(client, "GET", "/api/outages", params=query).text.rstrip())
            return
        outages = http.ask(client, "GET", "/api/outages", params={"limit": limit}).json()
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


def _http() -> ModuleType:
    """The HTTP client, loaded when it is used: the server, begun here too, does without it."""
    from chaosmonkey.cli import http  # noqa: PLC0415

    return http
