"""The demo's child processes: they end when the demo ends, for any reason."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from typing import NoReturn

from chaosmonkey.clock import SystemClock
from chaosmonkey.config import environment_with

log = logging.getLogger(__name__)

RESTART_PAUSE = 1.0
"""Seconds before a dead server is restarted (deploy/ sets systemd to the same)."""

STOP_TIMEOUT = 30.0
"""Seconds that a process has to end; the server restores its plugs in that time."""


async def start(command: str, *arguments: object, token: str | None = None) -> Process:
    """Start one of our commands; it ends when this process ends for any reason.

    A presenter's token is passed in the environment: others can read command lines and files.
    """
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chaosmonkey", command, *map(str, arguments), "--until-eof",
        stdin=asyncio.subprocess.PIPE,
        env=environment_with(token),
        start_new_session=True,  # Ctrl-C is sent to this process only, which ends both in order
    )  # fmt: skip


async def end(process: Process) -> None:
    """Terminate a process and wait for it; kill it after STOP_TIMEOUT."""
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
    if process.stdin is not None:
        process.stdin.close()


def how_it_ended(code: int) -> str:
    """Return an exit code in words."""
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


async def start_program(program: str, *arguments: str, environment: dict[str, str]) -> Process:
    """Start another program; the kernel ends it when this process dies, where util-linux is."""
    setpriv = shutil.which("setpriv")
    before = [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
    return await asyncio.create_subprocess_exec(
        *before, program, *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )  # fmt: skip


async def keep_running(name: str, begin: Callable[[], Awaitable[Process]]) -> NoReturn:
    """Start a process, and again whenever it ends; end it when cancelled."""
    clock = SystemClock()
    while True:
        process = await begin()
        try:
            code = await process.wait()
        finally:
            await end(process)
        log.warning("%s ended (%s). Restarting it.", name, how_it_ended(code))
        await clock.sleep(RESTART_PAUSE)
