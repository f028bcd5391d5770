"""Manual actions at the demo's table: cables, buttons, and faults. They bypass the server's API."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from chaosmonkey.cli.remote import Machine
from chaosmonkey.cli.say import say
from chaosmonkey.errors import BadInput

Feed = Annotated[
    Literal["power", "network"], typer.Option("--feed", "--kind", help="Which of its feeds.")
]
SimPort = Annotated[int, typer.Option(min=1, max=65535, help="Port of the demo's simulator.")]

HOLD = 2.0
"""Seconds that a machine's button is held; longer than panel.hold, so that the press counts."""
TAP = 0.2
"""Seconds that the big red button is pressed."""
LAG = 5.0
"""Seconds of delay of a slow device."""

_FAULTS = {
    "welded": "relay contact is welded: it stays closed whatever the coil does",
    "stuck": "relay coil is dead: its contact stays in its resting position",
    "back-fed": "feed is live through another path, whatever the relay does",
    "slow": "relay reacts late",
}


def add_to(app: typer.Typer) -> None:
    """Add these commands to an app."""
    app.command()(unplug)
    app.command("plug-in")(plug_in)
    app.command()(press)
    app.command()(fault)
    app.command()(supply)


def unplug(machine: Machine, feed: Feed = "power", sim_port: SimPort = 8001) -> None:
    """Pull a cable of a machine in the demo, as if by hand.

    The server is not notified and has to detect it.

    Example: chaosmonkey unplug node3
    """
    _reach(sim_port, _path(machine, feed), plugged=False)
    say(f"Pulled {machine}'s {feed} cable. The server was not notified.")


def plug_in(machine: Machine, feed: Feed = "power", sim_port: SimPort = 8001) -> None:
    """Put a pulled cable of a machine in the demo back.

    Example: chaosmonkey plug-in node3
    """
    _reach(sim_port, _path(machine, feed), plugged=True)
    say(f"Put {machine}'s {feed} cable back.")


def press(
    button: Annotated[str, typer.Argument(help="A machine's name, such as node3, or halt.")],
    seconds: Annotated[
        float | None,
        typer.Option(
            "--for", min=0, max=600,
            help=f"Seconds to hold it; default {HOLD:g}, or {TAP:g} for halt.",
        ),
    ] = None,
    sim_port: SimPort = 8001,
) -> None:  # fmt: skip
    """Press and hold a button on the demo's panel.

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
    say(f"Held {named} for {held:g} s.")


def fault(
    machine: Machine,
    what: Annotated[
        Literal["welded", "stuck", "back-fed", "slow"],
        typer.Argument(
            help="welded: the contact stays closed. stuck: the coil is dead. back-fed: power also "
            "arrives by another path, so a cut has no effect. slow: the device reacts late."
        ),
    ],
    feed: Feed = "power",
    seconds: Annotated[
        float | None,
        typer.Option(min=0, max=3600, help=f"Seconds of delay of a slow device; default {LAG:g}."),
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Repair it.")] = False,
    sim_port: SimPort = 8001,
) -> None:
    """Break or repair a machine's power or network in the demo.

    Example: chaosmonkey fault node3 welded, and later: chaosmonkey fault node3 welded --off
    """
    if seconds is not None and (what != "slow" or off):
        raise BadInput("--seconds applies only to a slow device.", remedy="Omit --seconds.")
    value: bool | float = not off
    if what == "slow":
        value = 0.0 if off else LAG if seconds is None else seconds
    _reach(sim_port, _path(machine, feed), **{what.replace("-", "_"): value})
    if off:
        say(f"{machine}'s {feed} is no longer {what}.")
    else:
        say(f"{machine}'s {feed} {_FAULTS[what]}. The server was not notified.")


def supply(
    state: Annotated[Literal["on", "off"], typer.Argument(help="New state of the supply.")],
    sim_port: SimPort = 8001,
) -> None:
    """Switch the power supply of all machines in the demo.

    Example: chaosmonkey supply off
    """
    _reach(sim_port, "supply", alive=state == "on")
    say(f"The machines' supply is {state}. The server was not notified.")


def _path(machine: str, feed: str) -> str:
    return f"machines/{quote(machine, safe='')}/{feed}"


def _reach(sim_port: int, path: str, **what: Any) -> None:
    """Set the state of a part of the bench."""
    from chaosmonkey.cli import http  # noqa: PLC0415 - loaded when it is used

    with http.ServerClient(f"http://127.0.0.1:{sim_port}") as bench:
        http.send(bench, "PUT", f"/bench/{path}", json=what)
