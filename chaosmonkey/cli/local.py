"""The commands that run on this machine: demo, serve, sim, check, restore-plugs."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chaosmonkey.cli.logs import configure_logging
from chaosmonkey.cli.say import say
from chaosmonkey.errors import (
    BadInput,
    ChaosMonkeyError,
    PlugFailed,
    StoreFailed,
    Unavailable,
    first_of,
)

if TYPE_CHECKING:
    from chaosmonkey.config import Lab

Config = Annotated[Path, typer.Option(help="Path of the configuration file.")]
Preset = Annotated[
    Literal["stage", "kubernetes"],
    typer.Option(help="stage: recovery in about 12 s. kubernetes: real defaults, 5 to 6 minutes."),
]
Speed = Annotated[
    float, typer.Option(min=0.1, max=200, help="Simulation speed; 20 is twenty times as fast.")
]
Seed = Annotated[int, typer.Option(help="Random seed; the same seed reproduces the run.")]
SimPort = Annotated[int, typer.Option(min=0, max=65535, help="Port of the simulated Kubernetes.")]
UntilEof = Annotated[bool, typer.Option("--until-eof", hidden=True)]


def add_to(app: typer.Typer) -> None:
    """Add these commands to an app."""
    app.command()(demo)
    app.command()(serve)
    app.command()(sim)
    app.command()(check)
    app.command("restore-plugs")(restore_plugs)


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the pages.")] = 8080,
    speed: Speed = 1.0,
    preset: Preset = "stage",
    seed: Seed = 0,
    data: Annotated[
        Path, typer.Option(help="Folder for journal and records; created if missing.")
    ] = Path("~/.local/share/chaosmonkey-demo"),
    sim_port: Annotated[
        int,
        typer.Option(
            min=1,
            max=65534,
            help="Port of the simulated Kubernetes API. The next port serves the simulated pins.",
        ),
    ] = 8001,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    sensors: Annotated[
        bool, typer.Option(help="Simulate sensors, which notice a pulled cable.")
    ] = True,
    edges: Annotated[
        int, typer.Option(min=0, max=9, help="Edges for phones, linked over a nats-server.")
    ] = 0,
) -> None:
    """Run everything on simulated machines.

    Plugs and Kubernetes are simulated too.

    Example: chaosmonkey demo, then in another terminal: curl http://127.0.0.1:8080/kill/node3
    """
    from chaosmonkey.cli.demo import Demo  # noqa: PLC0415 - each command loads what it needs

    configure_logging()
    show = Demo(
        host=host,
        port=port,
        speed=speed,
        preset=preset,
        seed=seed,
        data=data.expanduser(),
        sim_port=sim_port,
        sensors=sensors,
        edges=edges,
    )
    sys.exit(asyncio.run(show.run()))


def serve(config: Config = Path("lab.toml"), until_eof: UntilEof = False) -> None:
    """Run the server with real plugs and a real cluster.

    The configuration file describes both.

    Example: chaosmonkey serve --config lab.toml
    """
    from chaosmonkey.config import load  # noqa: PLC0415
    from chaosmonkey.rescue import rescued  # noqa: PLC0415

    lab = load(config)
    configure_logging()

    async def run() -> None:
        stop = asyncio.Event()
        stop_at_eof(stop, wanted=until_eof)
        async with rescued(lab) as table:
            # This import takes seconds on a small Pi; the plugs are turned on meanwhile.
            runtime = await asyncio.to_thread(importlib.import_module, "chaosmonkey.runtime")
            await runtime.run(table, announce=say, stop=stop)

    try:
        asyncio.run(run())
    except* ChaosMonkeyError as group:
        raise first_of(group) from None


def sim(
    port: SimPort = 8001,
    header_port: Annotated[
        int | None, typer.Option(help="Port of the simulated pins; default: --port plus one.")
    ] = None,
    speed: Speed = 1.0,
    preset: Preset = "stage",
    seed: Seed = 0,
    persist_gpio_outputs: Annotated[
        bool, typer.Option(help="Let pins keep their level when the server dies.")
    ] = True,
    epoch: Annotated[float | None, typer.Option(hidden=True)] = None,
    until_eof: UntilEof = False,
) -> None:
    """Run only the simulated Kubernetes and its machines.

    Example: chaosmonkey sim --port 8001, then: kubectl -s http://127.0.0.1:8001 get pods -A
    """
    from chaosmonkey import simcluster  # noqa: PLC0415

    settings = simcluster.SimSettings(
        port=port,
        header_port=header_port if header_port is not None else (port + 1 if port else 0),
        speed=speed,
        start=epoch,
        seed=seed,
        preset=preset,
        persist_gpio_outputs=persist_gpio_outputs,
    )
    configure_logging()

    async def run() -> None:
        stop = asyncio.Event()
        _stop_at_signals(stop)
        stop_at_eof(stop, wanted=until_eof)

        def ready(ports: simcluster.Ports) -> None:
            say(f"Simulated Kubernetes at {ports.url}, GPIO header at {ports.header_port}")

        await simcluster.run(settings, ready=ready, stop=stop)

    asyncio.run(run())


def check(
    config: Config = Path("lab.toml"),
    live: Annotated[
        bool, typer.Option("--live", help="Also check this host, the plugs and the cluster.")
    ] = False,
) -> None:
    """Check a configuration file and suggest fixes.

    With --live this is a full preflight. It takes control of the plugs, so stop the server first.

    Example: chaosmonkey check --config lab.toml --live
    """
    from chaosmonkey.api.addresses import join_url, reach  # noqa: PLC0415
    from chaosmonkey.config import GpioPlug, load  # noqa: PLC0415
    from chaosmonkey.model import FeedKind  # noqa: PLC0415
    from chaosmonkey.store import check_filesystem  # noqa: PLC0415

    lab = load(config)
    plugs = [
        (machine.name, feed, plug)
        for machine in lab.machine
        for feed in FeedKind
        if (plug := machine.plug(feed)) is not None
    ]
    if not lab.machine:
        raise BadInput(f"{config} has no machine.", remedy="Add a [[machine]] for each one.")
    for name, feed, plug in plugs:
        if isinstance(plug, GpioPlug) and plug.contact == "NO":
            say(
                f"Note: {name}'s {feed} uses a NO contact: it is off whenever this server is "
                "not running. Use NC if the board has it."
            )
    found = reach(lab.server)
    where = f"Phones would join at {join_url(lab.server, lab.server.port)}: {found.why}."
    say(f"Note: {found.trouble or where}")
    if not live and (doubt := check_filesystem(lab.server.data)):
        say(f"Note: {doubt.says} {doubt.remedy}")
    say(f"{config}: {len(lab.machine)} machines, {len(plugs)} plugs, no problem found.")
    if live:
        _preflight(lab)


def _preflight(lab: Lab) -> None:
    """Print the findings; raise Unavailable if any is a fault."""
    from chaosmonkey.commissioning import preflight  # noqa: PLC0415
    from chaosmonkey.preflight import Finding, Level  # noqa: PLC0415

    faults = 0

    def report(finding: Finding) -> None:
        nonlocal faults
        faults += finding.level is Level.FAULT
        say(f"{finding.level:<8} {finding.about}: {finding.says}")
        if finding.remedy:
            say(f"{'':9}{finding.remedy}")

    asyncio.run(preflight(lab, report))
    if faults:
        raise Unavailable(
            "1 fault." if faults == 1 else f"{faults} faults.",
            remedy="Each line above says how to fix it.",
        )


def restore_plugs(config: Config = Path("lab.toml")) -> None:
    """Turn every plug on when no server is running.

    systemd runs this after the server exits. A running server owns the GPIO lines: use HALT
    instead.

    Example: chaosmonkey restore-plugs --config lab.toml
    """
    from chaosmonkey.clock import SystemClock  # noqa: PLC0415
    from chaosmonkey.config import load  # noqa: PLC0415
    from chaosmonkey.plugs import PlugPrograms, open_plugs  # noqa: PLC0415
    from chaosmonkey.rescue import LAST_RESORT, turn_on  # noqa: PLC0415
    from chaosmonkey.store import hold_folder  # noqa: PLC0415
    from chaosmonkey.wires import open_wires  # noqa: PLC0415

    lab = load(config)

    async def run() -> list[str]:
        programs = PlugPrograms(lab.server.data)
        with open_wires(lab) as wires, ExitStack() as stack:
            try:
                stack.enter_context(hold_folder(lab.server.data))
                programs.end_leftovers()
            except StoreFailed as error:
                say(f"{error.message} Turning the plugs on anyway.", err=True)
            async with open_plugs(lab, wires, SystemClock(), programs) as plugs:
                trouble = await turn_on(plugs, plugs, LAST_RESORT)
                say(f"{len(plugs) - len(trouble)} of {len(plugs)} plugs are on.")
        return trouble

    if trouble := asyncio.run(run()):
        say(*trouble, err=True)
        raise PlugFailed(
            f"Plugs that did not turn on: {len(trouble)}.", remedy="Bypass them by hand."
        )


def _stop_at_signals(stop: asyncio.Event) -> None:
    import signal  # noqa: PLC0415

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)


def stop_at_eof(stop: asyncio.Event, *, wanted: bool) -> None:
    """Stop when standard input ends: the demo that started this process has ended."""
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            stop.set()

    if wanted:
        loop.add_reader(0, readable)
