"""A hand at the demo's table: plugs, buttons, and things that break. No API of ours is told."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from chaosmonkey.cli.remote import Machine
from chaosmonkey.cli.say import say
from chaosmonkey.errors import BadInput

Feed = Annotated[Literal["power", "network"], typer.Option("--feed", "--kind", help="Which plug.")]
SimPort = Annotated[int, typer.Option(min=1, max=65535, help="Port of the demo's simulator.")]

HOLD = 2.0
"""Seconds that a machine's button is held: longer than a press that is meant."""
TAP = 0.2
"""Seconds that the big red button is pressed."""
LAG = 5.0
"""Seconds by which a slow device follows."""

_FAULTS = {
    "welded": "relay contact is welded: it stays closed whatever is switched",
    "stuck": "relay coil is dead: its contact stays as it is at rest",
    "back-fed": "feed is live through another way, whatever is switched",
    "slow": "relay follows late",
}


def add_to(app: typer.Typer) -> None:
    """Add these commands to an app."""
    app.command()(unplug)
    app.command("plug-in")(plug_in)
    app.command()(press)
    app.command()(fault)
    app.command()(supply)


def unplug(machine: Machine, feed: Feed = "power", sim_port: SimPort = 8001) -> None:
    """Pull a plug by hand in the demo. The system has to notice by itself.

    Example: chaosmonkey unplug node3
    """
    _reach(sim_port, _path(machine, feed), plugged=False)
    say(f"A hand pulled {machine}'s {feed} plug. Nobody was told.")


def plug_in(machine: Machine, feed: Feed = "power", sim_port: SimPort = 8001) -> None:
    """Put a plug back by hand in the demo.

    Example: chaosmonkey plug-in node3
    """
    _reach(sim_port, _path(machine, feed), plugged=True)
    say(f"A hand put {machine}'s {feed} plug back.")


def press(
    button: Annotated[str, typer.Argument(help="A machine's name, such as node3, or halt.")],
    seconds: Annotated[
        float | None,
        typer.Option(
            "--for", min=0, max=600,
            help=f"Seconds that it is held; {HOLD:g} if not given, {TAP:g} for halt.",
        ),
    ] = None,
    sim_port: SimPort = 8001,
) -> None:  # fmt: skip
    """Hold a button of the demo's panel and let it go: a machine's own, or the big red one (halt).

    Example: chaosmonkey press node3 --for 2
    """
    path = "panel/halt" if button == "halt" else f"panel/buttons/{quote(button, safe='')}"
    held = seconds if seconds is not None else TAP if button == "halt" else HOLD
    _reach(sim_port, path, pressed=True)
    try:
        time.sleep(held)
    finally:
        _reach(sim_port, path, pressed=False)
    named = "the big red button" if button == "halt" else f"{button}'s button"
    say(f"A hand held {named} for {held:g} s.")


def fault(
    machine: Machine,
    what: Annotated[
        Literal["welded", "stuck", "back-fed", "slow"],
        typer.Argument(
            help="A contact that stays closed, a dead coil, a rail that is live through another "
            "way, or a device that follows late."
        ),
    ],
    feed: Feed = "power",
    seconds: Annotated[
        float | None,
        typer.Option(min=0, max=3600, help=f"How late a slow device is; {LAG:g} if not given."),
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Mend it.")] = False,
    sim_port: SimPort = 8001,
) -> None:
    """Break a part of a machine's feed in the demo, or mend it.

    Example: chaosmonkey fault node3 welded, and later: chaosmonkey fault node3 welded --off
    """
    if seconds is not None and (what != "slow" or off):
        raise BadInput("Only a slow device has --seconds.", remedy="Leave it out.")
    value: bool | float = not off
    if what == "slow":
        value = 0.0 if off else LAG if seconds is None else seconds
    _reach(sim_port, _path(machine, feed), **{what.replace("-", "_"): value})
    if off:
        say(f"{machine}'s {feed} is not {what} any more.")
    else:
        say(f"{machine}'s {feed} {_FAULTS[what]}. Nobody was told.")


def supply(
    state: Annotated[Literal["on", "off"], typer.Argument(help="Whether it is alive.")],
    sim_port: SimPort = 8001,
) -> None:
    """Let the supply of all machines in the demo die, or bring it back.

    Example: chaosmonkey supply off
    """
    _reach(sim_port, "supply", alive=state == "on")
    say(f"The machines' supply is {state}. Nobody was told.")


def _path(machine: str, feed: str) -> str:
    return f"machines/{quote(machine, safe='')}/{feed}"


def _reach(sim_port: int, path: str, **what: Any) -> None:
    """Put a hand on a part of the bench."""
    from chaosmonkey.cli import http  # noqa: PLC0415 - loaded when it is used

    with http.ServerClient(f"http://127.0.0.1:{sim_port}") as bench:
        http.ask(bench, "PUT", f"/bench/{path}", json=what)
