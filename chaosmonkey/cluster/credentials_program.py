"""Run a kubeconfig's credentials program with limits.

kubernetes.aio reads all that the program prints, quotes it whole in an error, and lets a program
run that takes too long.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from chaosmonkey.errors import Unavailable
from chaosmonkey.programs import Programs

TIMEOUT = 60.0
"""Real seconds that the program may take: some ask a cloud for a token, over a bad network."""

SHOWN = 80
"""Characters of an unexpected version that an error quotes."""


class NoCredentials(Unavailable):
    """The credentials program of a kubeconfig gave none."""

    title = "No credentials"


class CredentialsPrograms(Programs):
    """Runs credentials programs."""

    failure = NoCredentials


async def run_credentials_program(
    argv: list[str], environment: Mapping[str, str], version: str
) -> dict[str, Any]:
    """Return the status of the ExecCredential that the program prints.

    Raises:
        NoCredentials: it failed, printed too much or something else, or took too long.
    """
    programs = CredentialsPrograms(Path())
    ended = await programs.run(argv, timeout=TIMEOUT, environment=environment)
    if ended.code != 0:
        raise programs.failed(argv, f"exited with {ended.code}", ended.err)
    try:
        found = orjson.loads(ended.out)
    except ValueError:
        found = None
    match found:
        case {"apiVersion": given, "kind": "ExecCredential", "status": dict(status)}:
            if given == version:
                return status
            what = f"speaks {str(given)[:SHOWN]!r}, and the kubeconfig wants {version}"
            raise programs.failed(argv, what)
        case _:
            raise programs.failed(argv, "printed no ExecCredential")
