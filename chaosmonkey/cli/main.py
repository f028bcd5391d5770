"""The command line: one app, with exit codes for scripts.

0  done                      3  refused: a rule forbids it now
1  failed                    4  unavailable: server, cluster, plug, port or folder
2  bad input or usage        5  waited, but the cluster did not recover
"""

from __future__ import annotations

import os
import sys
import traceback

import typer

from chaosmonkey import __version__
from chaosmonkey.cli import bench, edge, local, plugs, remote, token
from chaosmonkey.cli.say import say
from chaosmonkey.errors import ChaosMonkeyError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Pull the plug on a Kubernetes node, watch its pods move, and measure the recovery.\n\n"
    "No hardware, no cluster? Try: chaosmonkey demo\n\n"
    "Exit codes: 0 done, 1 failed, 2 bad input, 3 refused by a rule, 4 unavailable, "
    "5 waited, but the cluster did not recover.",
)
for module in (local, edge, remote, bench, plugs, token):
    module.add_to(app)


@app.callback(invoke_without_command=True)
def _version(
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    if version:
        say(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command; our errors become a message and an exit code.

    It ends silently when its reader has closed the pipe, as in `chaosmonkey watch | head`. It ends
    by an exception, not by SIGPIPE, so that a plug that is off is turned on first. (typer handles
    these exceptions except those from a task group.)
    """
    try:
        app()
    except ChaosMonkeyError as error:
        say(*error.rows, err=True)
        sys.exit(error.exit_code)
    except BaseExceptionGroup as group:
        if group.split(BrokenPipeError)[1] is not None:
            _print_bug()
            sys.exit(1)
        # Flushing the buffer would fail again when the interpreter exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception:  # noqa: BLE001 - the interpreter would print it raw
        _print_bug()
        sys.exit(1)


def _print_bug() -> None:
    say(*traceback.format_exc().rstrip().split("\n"), err=True)
