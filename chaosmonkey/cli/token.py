"""Create, list and revoke the tokens of a data folder, whether or not the server runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaosmonkey.cli.say import say
from chaosmonkey.errors import BadInput

if TYPE_CHECKING:
    from chaosmonkey.access import Tokens

Config = Annotated[
    Path, typer.Option(help="Path of the configuration file, which names the data folder.")
]
Data = Annotated[Path | None, typer.Option(help="The data folder, instead of --config.")]
Name = Annotated[str, typer.Argument(help="The token's name, such as ci.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to an app."""
    tokens = typer.Typer(
        no_args_is_help=True, help="Create, list and revoke tokens.", rich_markup_mode=None
    )
    tokens.command()(new)
    tokens.command("list")(list_)
    tokens.command()(revoke)
    app.add_typer(tokens, name="token")


def new(
    name: Name,
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope",
            help="read, kill, kill:node3, restore, arm, halt, release or present; repeat for more.",
        ),
    ] = [],  # noqa: B006 - typer only reads it
    presenter: Annotated[bool, typer.Option("--presenter", help="Full presenter access.")] = False,
    config: Config = Path("lab.toml"),
    data: Data = None,
) -> None:
    """Create a token and print it.

    It is shown only once: the server keeps only a digest.

    Example: chaosmonkey token new ci --scope kill:node3 --scope arm
    """
    from chaosmonkey.access import Role, parse_scope  # noqa: PLC0415 - loaded when it is used

    if presenter == bool(scope):
        raise BadInput(
            "A token needs either --presenter or scopes.",
            remedy="Pass --presenter, or one or more --scope.",
        )
    scopes = [parse_scope(text) for text in scope]
    role = Role.PRESENTER if presenter else Role.SCRIPT
    say(_tokens(config, data).make(name, role, scopes))


def list_(config: Config = Path("lab.toml"), data: Data = None) -> None:
    """List tokens: names, scopes, creation times.

    Example: chaosmonkey token list
    """
    for token in _tokens(config, data).all():
        scopes = ", ".join(map(str, token.scopes)) or "all"
        say(f"{token.made}  {token.role:<9}  {token.name:<20}  {scopes}")


def revoke(name: Name, config: Config = Path("lab.toml"), data: Data = None) -> None:
    """Revoke a token.

    A running server refuses it at once and ends its sessions.

    Example: chaosmonkey token revoke ci
    """
    _tokens(config, data).revoke(name)
    say(f"The token '{name}' is revoked.")


def _tokens(config: Path, data: Path | None) -> Tokens:
    from chaosmonkey.access import Tokens  # noqa: PLC0415
    from chaosmonkey.config import load  # noqa: PLC0415

    return Tokens(data.expanduser() if data is not None else load(config).server.data)
