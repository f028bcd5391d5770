"""A program is run to its end or killed: it never outlives its time or whoever waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
from dataclasses import dataclass

from chaosmonkey.errors import PlugFailed

OUTPUT_SHOWN = 300
"""Characters of a failed program's output that an error repeats."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code and what it printed."""

    code: int
    out: str
    err: str


async def run_program(argv: list[str], *, timeout: float, given: str = "") -> Ended:
    """Run a program without a shell, with `given` on its standard input.

    Raises:
        PlugFailed: it is not there, or did not end within `timeout` seconds.
    """
    try:
        # A session of its own: Ctrl-C in our terminal must not end a restore half-way.
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE if given else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise program_failed(argv, str(error)) from None
    try:
        async with asyncio.timeout(timeout):
            out, err = await process.communicate(given.encode() if given else None)
    except TimeoutError:
        raise program_failed(argv, f"did not end within {timeout:g} s") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    code = process.returncode or 0
    return Ended(code, out.decode(errors="replace"), err.decode(errors="replace"))


def program_failed(argv: list[str], what: str, output: str = "") -> PlugFailed:
    """The error of a program that did not do what it should."""
    said = f": {output.strip()[-OUTPUT_SHOWN:]}" if output.strip() else ""
    return PlugFailed(
        f"`{shlex.join(argv)}` {what}{said}",
        remedy="Run it by hand, as the user that the server runs as.",
        argv=argv,
    )
