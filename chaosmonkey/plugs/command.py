"""Any program as a plug: one to cut, one to restore, one that prints `on` or `off`."""

from __future__ import annotations

import asyncio
import contextlib
import math
import shlex

from chaosmonkey.config import CommandPlug
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import Feed

OUTPUT_SHOWN = 300
"""Characters of a failed program's output that an error repeats."""


class ProgramPlug:
    """Runs programs without a shell.

    {machine} and {node} in their arguments are filled in, and {seconds} in those that cut: whole
    seconds after which a device with a timer should turn itself on again.
    """

    def __init__(self, settings: CommandPlug, *, machine: str, node: str) -> None:
        def fill(argv: tuple[str, ...]) -> list[str]:
            return [arg.replace("{machine}", machine).replace("{node}", node) for arg in argv]

        self._cut = fill(settings.cut)
        self._restore = fill(settings.restore)
        self._read = fill(settings.read)
        self._timeout = settings.timeout

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:
        """Run the program for the wanted state; PlugFailed unless it exits with 0 in time."""
        argv = self._restore
        if not on:
            seconds = "0" if back_in is None else str(math.ceil(back_in))
            argv = [argument.replace("{seconds}", seconds) for argument in self._cut]
        code, output = await self._run(argv)
        if code != 0:
            raise self._failed(argv, f"exited with {code}", output)

    async def read(self) -> Feed:
        """The last word that the program printed, if it is `on` or `off`, else unknown."""
        _, output = await self._run(self._read)
        match output.lower().split():
            case [*_, "on"]:
                return Feed.ON
            case [*_, "off"]:
                return Feed.OFF
            case _:
                return Feed.UNKNOWN

    async def close(self) -> None:
        """Turn the feed on, if it is not."""
        if await self.read() is not Feed.ON:
            await self.switch(on=True)

    async def _run(self, argv: list[str]) -> tuple[int, str]:
        """Exit code and output (standard error behind it, if the program failed)."""
        try:
            # A session of its own: Ctrl-C in our terminal must not end a restore half-way.
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise self._failed(argv, str(error), "") from None
        try:
            async with asyncio.timeout(self._timeout):
                out, err = await process.communicate()
        except TimeoutError:
            raise self._failed(argv, f"did not end within {self._timeout:g} s", "") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        code = process.returncode or 0
        text = out.decode(errors="replace")
        return code, text if code == 0 else text + err.decode(errors="replace")

    def _failed(self, argv: list[str], what: str, output: str) -> PlugFailed:
        said = f": {output.strip()[-OUTPUT_SHOWN:]}" if output.strip() else ""
        return PlugFailed(
            f"`{shlex.join(argv)}` {what}{said}",
            remedy="Run it by hand, as the user that the server runs as.",
            argv=argv,
        )
