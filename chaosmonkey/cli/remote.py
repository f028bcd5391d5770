"""The commands that talk to a running server: kill, restore, halt, arm, status, history, audit."""

from __future__ import annotations

import asyncio
from datetime import datetime
from types import ModuleType
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from chaosmonkey.cli.say import say, say_text
from chaosmonkey.outage.story import sum_of, took

Machine = Annotated[str, typer.Argument(help="A machine's name, such as node3.")]
ServerUrl = Annotated[
    str,
    typer.Option(
        "--server",
        envvar="CHAOSMONKEY_URL",
        help="The server's URL, or unix: and the path of its control socket.",
    ),
]
DEFAULT_URL = "http://127.0.0.1:8080"


def add_to(app: typer.Typer) -> None:
    """Add these commands to an app."""
    for command in (kill, restore, halt, release, arm, disarm, status, history, audit, watch):
        app.command()(command)


def kill(
    machine: Machine,
    feed: Annotated[
        Literal["power", "network"], typer.Option("--feed", "--kind", help="What to cut.")
    ] = "power",
    seconds: Annotated[
        float | None,
        typer.Option(
            "--for", help="Seconds until it is restored; default: limits.default_seconds."
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the cluster has recovered.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only print what would happen, and which rules forbid it."),
    ] = False,
    server: ServerUrl = DEFAULT_URL,
) -> None:
    """Cut the power or the network of a machine.

    If the server needs a token, set $CHAOSMONKEY_TOKEN. With --wait, exit code 5 says that the
    cluster did not recover, and 3 that the cut was refused.

    Example: chaosmonkey kill node3 --for 30 --wait; [ $? -eq 5 ] && echo "did not recover"
    """
    query: dict[str, Any] = {"feed": feed}
    if seconds is not None:
        query["for"] = seconds
    path = f"/kill/{quote(machine, safe='')}"
    http = _http()
    with http.ServerClient(server) as client:
        if dry_run:
            http.show_plan(client, path, query | {"dry_run": True})
        elif wait:
            http.follow(client, path, query | {"wait": "recovered"})
        else:
            say_text(http.send(client, "POST", path, params=query, headers=http.TEXT).text)


def restore(machine: Machine, server: ServerUrl = DEFAULT_URL) -> None:
    """Restore a machine's power and network now.

    Example: chaosmonkey restore node3
    """
    _say(server, "POST", f"/restore/{quote(machine, safe='')}")


def halt(server: ServerUrl = DEFAULT_URL) -> None:
    """Restore every machine now, and refuse cuts.

    Power and network return everywhere. Cuts stay refused until HALT is released.

    Example: chaosmonkey halt
    """
    _say(server, "POST", "/halt")


def release(server: ServerUrl = DEFAULT_URL) -> None:
    """End HALT. Arm to cut again.

    Example: chaosmonkey release && chaosmonkey arm
    """
    _say(server, "POST", "/release")


def arm(server: ServerUrl = DEFAULT_URL) -> None:
    """Enable cuts for a while.

    They are disabled again after limits.disarm_after seconds (default 600) without a cut.

    Example: chaosmonkey arm && chaosmonkey kill node3
    """
    _say(server, "POST", "/arm")


def disarm(server: ServerUrl = DEFAULT_URL) -> None:
    """Disable cuts.

    Example: chaosmonkey disarm
    """
    _say(server, "POST", "/disarm")


def audit(
    server: ServerUrl = DEFAULT_URL,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many entries.")] = 50,
) -> None:
    """Show who requested what, newest first.

    Each line also says how the server answered.

    Example: chaosmonkey audit --limit 200 | grep refused
    """
    _say(server, "GET", "/api/audit", params={"limit": limit})


def status(server: ServerUrl = DEFAULT_URL) -> None:
    """Show machines, plugs, node states and outages.

    Example: chaosmonkey status
    """
    from rich.console import Console  # noqa: PLC0415 - each command loads what it needs

    from chaosmonkey.cli.board import draw, seen  # noqa: PLC0415

    http = _http()
    with http.ServerClient(server) as client:
        answer = http.send(client, "GET", "/api/state").json()
    Console().print(draw(seen(answer["state"]), answer["at"]))


def history(
    server: ServerUrl = DEFAULT_URL,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many outages.")] = 20,
    form: Annotated[
        Literal["table", "json", "csv"], typer.Option("--format", help="How to print them.")
    ] = "table",
) -> None:
    """List the latest outages and their recovery times.

    Example: chaosmonkey history --format csv > outages.csv
    """
    http = _http()
    with http.ServerClient(server) as client:
        if form != "table":
            query = {"limit": limit, "format": form}
            say_text(http.send(client, "GET", "/api/outages", params=query).text)
            return
        outages = http.send(client, "GET", "/api/outages", params={"limit": limit}).json()
    if not outages:
        say("No outages yet. To cause one: chaosmonkey kill node3")
    for outage in outages:
        most, least = outage["recovery_seconds"], outage.get("recovery_at_least")
        began = datetime.fromisoformat(outage["began"]).astimezone()
        shorter = outage.get("phases_at_least", {})
        phases = sum_of(outage["phases"], shorter)
        total = "" if most is None else f"{took(most, least):>8} = {phases}"
        say(
            f"{began:%Y-%m-%d %H:%M:%S}  {outage['machine']:<10} "
            f"{outage['feed'] or 'observed':<8} {outage['outcome'] or 'under way':<10} " + total
        )


def watch(server: ServerUrl = DEFAULT_URL) -> None:
    """Show the board live in the terminal, until Ctrl-C.

    Example: chaosmonkey watch
    """
    from chaosmonkey.cli.board import follow  # noqa: PLC0415

    try:
        asyncio.run(follow(server))
    except KeyboardInterrupt:
        return


def _say(server: str, method: str, path: str, **request: Any) -> None:
    """Send a request and print the answer."""
    http = _http()
    with http.ServerClient(server) as client:
        answer = http.send(client, method, path, headers=http.TEXT, **request)
    say_text(answer.text)


def _http() -> ModuleType:
    """Import the HTTP client on use: `serve` starts faster without it."""
    from chaosmonkey.cli import http  # noqa: PLC0415

    return http
