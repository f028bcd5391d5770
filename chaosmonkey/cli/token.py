"""Tokens: make, list and revoke those of a data folder, whether the server runs or not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaosmonkey.cli.say import say
from chaosmonkey.errors import BadInput

if TYPE_CHECKING:
    from chaosmonkey.access import Tokens

Config = Annotated[Path, typer.Option(help="The lab.toml whose data folder is meant.")]
Data = Annotated[Path | None, typer.Option(help="The data folder itself.")]
Name = Annotated[str, typer.Argument(help="What the token is called, such as ci.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to an app."""
    tokens = typer.Typer(
        no_args_is_help=True, help="Make, list and revoke tokens.", rich_markup_mode=None
    )
    tokens.command()(new)
    tokens.command("list")(list_)
    tokens.command()(revoke)
    app.add_typer(tokens, name="token")


def new(
    name: Name,
    scope: Annotated[
        list[str], typer.Option("--scope", help="read, kill, kill:node3, restore, arm, halt, …")
    ] = [],  # noqa: B006 - typer reads it, nobody changes it
    presenter: Annotated[bool, typer.Option("--presenter", help="May everything.")] = False,
    config: Config = Path("lab.toml"),
    data: Data = None,
) -> None:
    """Make a token and print it: this once, since only its digest is kept.

    Example: chaosmonkey token new ci --scope kill:node3 --scope arm
    """
    from chaosmonkey.access import Role, parse_scope  # noqa: PLC0415 - loaded when it is used

    if presenter == bool(scope):
        raise BadInput(
            "A token is a presenter's, or has scopes.",
            remedy="Give --presenter, or --scope (several times if you like).",
        )
    scopes = [parse_scope(text) for text in scope]
    role = Role.PRESENTER if presenter else Role.SCRIPT
    say(_tokens(config, data).make(name, role, scopes))


def list_(config: Config = Path("lab.toml"), data: Data = None) -> None:
    """The tokens there are: names, scopes and when they were made; never what they are.

    Example: chaosmonkey token list
    """
    for token in _tokens(config, data).all():
        scopes = ", ".join(map(str, token.scopes)) or "everything"
        say(f"{token.made}  {token.role:<9}  {token.name:<20}  {scopes}")


def revoke(name: Name, config: Config = Path("lab.toml"), data: Data = None) -> None:
    """Take a token out. A running server refuses it from now on, and ends its sessions.

    Example: chaosmonkey token revoke ci
    """
    _tokens(config, data).revoke(name)
    say(f"The token '{name}' is revoked.")


def _tokens(config: Path, data: Path | None) -> Tokens:
    from chaosmonkey.access import Tokens  # noqa: PLC0415
    from chaosmonkey.config import load  # noqa: PLC0415

    return Tokens(data.expanduser() if data is not None else load(config).server.data)
