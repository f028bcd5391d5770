"""The one place where commands print: nothing that a stranger wrote reaches the terminal raw."""

from __future__ import annotations

import typer

from chaosmonkey.visible import visible, visible_rows


def say(*rows: str, err: bool = False) -> None:
    """Print each of these as one row of its own."""
    for row in rows:
        typer.echo(visible(row), err=err)  # noqa: TID251 - the one home


def say_text(text: str) -> None:
    """Print what a server answered, whose rows are its own."""
    say(*visible_rows(text.rstrip()))
