"""The command that runs an edge."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from chaosmonkey.cli.local import UntilEof, stop_at_eof
from chaosmonkey.cli.logs import configure_logging
from chaosmonkey.cli.say import say
from chaosmonkey.errors import ChaosMonkeyError, first_of


def add_to(app: typer.Typer) -> None:
    """Add the command to an app."""
    app.command()(edge)


def edge(
    config: Annotated[Path, typer.Option(help="Path of the edge's configuration file.")] = Path(
        "edge.toml"
    ),
    until_eof: UntilEof = False,
) -> None:
    """Serve phones and spectators from anywhere, linked over NATS.

    An edge cannot cut anything; the table's server decides.

    Example: chaosmonkey edge --config edge.toml
    """
    from chaosmonkey.config import load_edge  # noqa: PLC0415 - each command loads what it needs
    from chaosmonkey.edge.serve import serve_edge  # noqa: PLC0415

    settings = load_edge(config)
    configure_logging()

    async def run() -> None:
        stop = asyncio.Event()
        stop_at_eof(stop, wanted=until_eof)
        await serve_edge(settings, announce=say, stop=stop)

    try:
        asyncio.run(run())
    except* ChaosMonkeyError as group:
        raise first_of(group) from None
