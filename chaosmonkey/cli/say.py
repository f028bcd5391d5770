"""Print for commands: untrusted text is escaped before it reaches the terminal."""

from __future__ import annotations

import typer

from chaosmonkey.visible import visible, visible_rows


def say(*rows: str, err: bool = False) -> None:
    """Print each argument as one row."""
    for row in rows:
        typer.echo(visible(row), err=err)  # noqa: TID251 - the one home


def say_text(text: str) -> None:
    """Print a server's answer, keeping its rows."""
    say(*visible_rows(text.rstrip()))
