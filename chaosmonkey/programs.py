"""Run programs to their end or kill them: none outlives its timeout, its caller or this server.

run ─┬─► it exits: its output, at most OUTPUT_MAX bytes of it
     ├─► its time is up, or its caller is cancelled: its process group and what has left that
     │   group are killed, its pipes closed
     └─► this server dies: the kernel kills it (PR_SET_PDEATHSIG), and the next start kills
         its surviving children, which carry a mark in their environment
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chaosmonkey.config import child_environment
from chaosmonkey.errors import ChaosMonkeyError, Unavailable

MARK = "CHAOSMONKEY_PROGRAM"
"""The environment variable that marks a program: the data folder of its server, and its number."""

OUTPUT_MAX = 64 * 1024
"""Most bytes on standard output, and as many on standard error."""

OUTPUT_SHOWN = 300
"""Characters of a failed program's output that an error quotes."""

LAST_WORDS = 0.2
"""Seconds to wait for the output of an exited program: a child may hold its pipe."""

DYING = 1.0
"""Seconds to wait for a killed program. One that waits for a disk may take longer."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code and what it printed."""

    code: int
    out: str
    err: str


class Programs:
    """Runs the programs of one server.

    Args:
        folder: the server's data folder; its successor finds leftovers by it.

    Attributes:
        failure: the error of a program that failed.
    """

    failure: type[ChaosMonkeyError] = Unavailable

    def __init__(self, folder: Path) -> None:
        self._owner = str(folder.absolute())
        self._numbers = itertools.count(1)

    async def run(
        self,
        argv: list[str],
        *,
        timeout: float,
        given: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> Ended:
        """Run a program without a shell.

        Args:
            argv: the program and its arguments.
            timeout: seconds after which it is killed.
            given: what is on its standard input.
            environment: variables besides this process's own.

        Raises:
            ChaosMonkeyError: a `failure`: it is not installed, printed too much or took too long.
        """
        if shutil.which(argv[0]) is None:
            raise self.failed(argv, "cannot be run: the program is not installed")
        mark = f"{self._owner}#{os.getpid()}.{next(self._numbers)};"
        transport, running = await self._start(argv, {**(environment or {}), MARK: mark})
        try:
            running.give(given.encode())
            async with asyncio.timeout(timeout):
                await asyncio.wait(
                    {running.exited, running.flooded}, return_when=asyncio.FIRST_COMPLETED
                )
            if not running.exited.done():
                raise self.failed(argv, f"printed more than {OUTPUT_MAX // 1024} KiB")
            await asyncio.wait(running.silent, timeout=LAST_WORDS)
        except TimeoutError:
            raise self.failed(argv, f"did not end within {timeout:g} s") from None
        finally:
            await _end(transport, running, mark)
        return Ended(transport.get_returncode() or 0, running.printed(1), running.printed(2))

    async def _start(
        self, argv: list[str], environment: dict[str, str]
    ) -> tuple[asyncio.SubprocessTransport, _Running]:
        """Start a program; if the caller is cancelled meanwhile, end it with all its children.

        asyncio's own start, when cancelled, waits until the program's pipes are closed.
        """
        # A session of its own: Ctrl-C in our terminal must not end a restore half-way.
        starting = asyncio.ensure_future(  # noqa: TID251 - waited for in any case
            asyncio.get_running_loop().subprocess_exec(
                _Running,
                *_dying_with_us(),
                *argv,
                stdin=subprocess.PIPE,
                env=child_environment(**environment),
                start_new_session=True,
            )
        )
        try:
            await asyncio.wait({starting})
        except asyncio.CancelledError:
            await asyncio.wait({starting})
            if starting.exception() is None:
                await _end(*starting.result(), environment[MARK])
            raise
        try:
            return starting.result()
        except OSError as error:
            raise self.failed(argv, f"cannot be run: {error}") from None

    def failed(self, argv: list[str], what: str, output: str = "") -> ChaosMonkeyError:
        """The error of a program that failed, which quotes the end of its output."""
        quote = f": {output.strip()[-OUTPUT_SHOWN:]}" if output.strip() else ""
        return self.failure(
            f"`{shlex.join(argv)}` {what}{quote}",
            remedy="Run it by hand as the server's user.",
            argv=argv,
        )

    def end_leftovers(self) -> int:
        """Kill what an earlier server on the same data folder left running; returns how many."""
        return _kill_marked(f"{self._owner}#", but=f"{self._owner}#{os.getpid()}.")


class _Running(asyncio.SubprocessProtocol):
    """What a running program has printed, and whether it still runs.

    asyncio's own Process waits for the ends of all pipes, which a child of a child may hold open.
    """

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.flooded: asyncio.Future[None] = loop.create_future()
        self.silent = {loop.create_future(), loop.create_future()}
        self._printed = {1: bytearray(), 2: bytearray()}
        self._open = dict(zip((1, 2), self.silent, strict=True))
        self._transport: asyncio.SubprocessTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def give(self, text: bytes) -> None:
        """Write to its standard input, and close that."""
        stdin = self._transport.get_pipe_transport(0)
        assert isinstance(stdin, asyncio.WriteTransport)
        stdin.write(text)
        stdin.close()

    def printed(self, fd: int) -> str:
        """What it printed on standard output (1) or standard error (2)."""
        return self._printed[fd].decode(errors="replace")

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._printed[fd] += data
        if len(self._printed[fd]) > OUTPUT_MAX and not self.flooded.done():
            self.flooded.set_result(None)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        ended = self._open.get(fd)
        if ended is not None and not ended.done():
            ended.set_result(None)

    def process_exited(self) -> None:
        if not self.exited.done():
            self.exited.set_result(None)


async def _end(transport: asyncio.SubprocessTransport, running: _Running, mark: str) -> None:
    """Kill a program that still runs with its children, and close its pipes."""
    if not running.exited.done():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(transport.get_pid(), signal.SIGKILL)
        _kill_marked(mark)
        await asyncio.wait({running.exited}, timeout=DYING)
    transport.close()


@cache
def _dying_with_us() -> tuple[str, ...]:
    """The prefix that ties a program's life to this process: util-linux's setpriv, if installed.

    It has no effect on a program that changes its user, such as sudo.
    """
    prefix = ("setpriv", "--pdeathsig", "KILL", "--")
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run([*prefix, "true"], check=True, capture_output=True, timeout=5)  # noqa: S603 - fixed words
        return prefix
    return ()


def _kill_marked(mark: str, but: str = "\0") -> int:
    """Kill every process whose mark starts with this; returns how many. They may fork meanwhile."""
    killed = 0
    for _ in range(10):
        found = list(_marked(f"{MARK}={mark}".encode(), f"{MARK}={but}".encode()))
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
                killed += 1
        if not found:
            break
    return killed


def _marked(prefix: bytes, but: bytes) -> Iterator[int]:
    """The ids of marked processes, as far as /proc shows their environment to this user."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            for variable in entry.read_bytes().split(b"\0"):
                if variable.startswith(prefix) and not variable.startswith(but):
                    yield int(entry.parent.name)
