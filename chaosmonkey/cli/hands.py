"""A hand at the demo's table: the plug is out, and no API of ours is told."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from chaosmonkey.cli.remote import Machine

Feed = Annotated[Literal["power", "network"], typer.Option("--kind", help="Which plug.")]
SimPort = Annotated[int, typer.Option(min=1, max=65535, help="Port of the demo's simulator.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to an app."""
    app.command()(unplug)
    app.command("plug-in")(plug_in)


def unplug(machine: Machine, kind: Feed = "power", sim_port: SimPort = 8001) -> None:
    """Pull a plug by hand in the demo. The system has to notice by itself.

    Example: chaosmonkey unplug node3
    """
    _hand(machine, kind, sim_port, plugged=False)
    typer.echo(f"A hand pulled {machine}'s {kind} plug. Nobody was told.")


def plug_in(machine: Machine, kind: Feed = "power", sim_port: SimPort = 8001) -> None:
    """Put a plug back by hand in the demo.

    Example: chaosmonkey plug-in node3
    """
    _hand(machine, kind, sim_port, plugged=True)
    typer.echo(f"A hand put {machine}'s {kind} plug back.")


def _hand(machine: str, kind: str, sim_port: int, *, plugged: bool) -> None:
    from chaosmonkey.cli import http  # noqa: PLC0415 - loaded when it is used

    with http.open_client(f"http://127.0.0.1:{sim_port}") as bench:
        http.ask(bench, "PUT", f"/bench/machines/{machine}/{kind}", json={"plugged": plugged})
