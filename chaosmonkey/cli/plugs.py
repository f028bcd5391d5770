"""Plugs and the panel without a server, for commissioning a table: list, read, test, click."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaosmonkey.cli.say import say
from chaosmonkey.errors import BadInput, ChaosMonkeyError, first_of
from chaosmonkey.model import FeedKind

if TYPE_CHECKING:
    from chaosmonkey.config import Lab

Config = Annotated[Path, typer.Option(help="Path of the configuration file.")]
Machine = Annotated[str, typer.Argument(help="A machine's name, such as node3.")]
Feed = Annotated[FeedKind, typer.Option("--feed", "--kind", help="Which of its plugs.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to an app."""
    app.command()(panel)
    plugs = typer.Typer(no_args_is_help=True, help="List, read and test plugs without a server.")
    plugs.command("list")(list_)
    plugs.command()(read)
    plugs.command("test")(trial)
    plugs.command()(click)
    app.add_typer(plugs, name="plugs")


def list_(config: Config = Path("lab.toml")) -> None:
    """List the configured plugs, without contacting any device.

    Example: chaosmonkey plugs list
    """
    for machine in _load(config).machine:
        for feed in FeedKind:
            if (settings := machine.plug(feed)) is not None:
                keys = settings.model_dump(mode="json", exclude={"driver"}, exclude_defaults=True)
                words = "  ".join(f"{key}={value}" for key, value in keys.items())
                say(f"{machine.name:<12} {feed:<8} {settings.driver:<8} {words}".rstrip())


def read(config: Config = Path("lab.toml")) -> None:
    """Read the state of each plug and each sensor.

    This turns GPIO plugs on: claiming a GPIO line sets it to on.

    Example: chaosmonkey plugs read
    """
    from chaosmonkey import commissioning  # noqa: PLC0415 - each command loads what it needs

    asyncio.run(commissioning.read(_load(config), say))


def panel(config: Config = Path("lab.toml")) -> None:
    """Test the LEDs and buttons of the panel.

    Lights each LED in turn and prints each press, until Ctrl-C. Cuts nothing.

    Example: chaosmonkey panel --config lab.toml
    """
    from chaosmonkey import commissioning  # noqa: PLC0415

    async def run() -> None:
        done = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, done.set)
        await commissioning.panel(_load(config), say, done)

    asyncio.run(run())


def trial(
    machine: Machine,
    feed: Feed = FeedKind.POWER,
    seconds: Annotated[
        float, typer.Option("--for", min=3, max=60, help="Seconds until it is restored.")
    ] = 5.0,
    yes: Yes = False,
    config: Config = Path("lab.toml"),
) -> None:
    """Cut a plug, restore it, and time each step.

    Example: chaosmonkey plugs test node3 --for 5
    """
    from chaosmonkey import commissioning  # noqa: PLC0415

    lab = _load(config)
    _run_if_confirmed(
        f"This cuts {machine}'s {feed} for {seconds:g} s now.",
        commissioning.trial(lab, machine, feed, seconds, say),
        yes=yes,
    )


def click(
    machine: Machine,
    feed: Feed = FeedKind.POWER,
    yes: Yes = False,
    config: Config = Path("lab.toml"),
) -> None:
    """Switch a plug off and on three times.

    It stays in each state for one second, long enough to hear and see it. Disconnect the machine
    from it first: switching its power so fast can damage the machine.

    Example: chaosmonkey plugs click node3
    """
    from chaosmonkey import commissioning  # noqa: PLC0415

    lab = _load(config)
    _run_if_confirmed(
        f"This switches {machine}'s {feed} off and on three times. Disconnect the machine first.",
        commissioning.click(lab, machine, feed, say),
        yes=yes,
    )


def _load(config: Path) -> Lab:
    from chaosmonkey.config import load  # noqa: PLC0415

    return load(config)


def _run_if_confirmed(what: str, work: Coroutine[Any, Any, None], *, yes: bool) -> None:
    if not yes and not typer.confirm(f"{what} Continue?"):
        work.close()
        raise BadInput("Nothing was switched.", remedy="Answer y, or pass --yes.")
    if asyncio.run(_was_interrupted(work)):
        raise typer.Exit(130)  # as shells do for a program ended by Ctrl-C


async def _was_interrupted(work: Coroutine[Any, Any, None]) -> bool:
    """Run work that Ctrl-C or SIGTERM cancels, once: cancelling it turns the plug on."""
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        if not interrupted:
            working.cancel()
            say("Stopping: turning the plug on first.", err=True)
        interrupted = True

    try:
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(work)
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, interrupt)
    except* ChaosMonkeyError as group:
        raise first_of(group) from None
    return interrupted
