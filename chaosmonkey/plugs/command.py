"""Any program as a plug: one to cut, one to restore, one that prints `on` or `off`."""

from __future__ import annotations

import math
from collections.abc import Callable

from chaosmonkey.config import CommandPlug
from chaosmonkey.model import FeedState
from chaosmonkey.plugs.programs import PlugPrograms
from chaosmonkey.plugs.quoted import quoted


class ProgramPlug:
    """Runs programs without a shell.

    Fills {machine} and {node} into their arguments, and into those that cut {seconds}: whole
    seconds after which a device with a timer turns itself on again.
    """

    def __init__(
        self,
        settings: CommandPlug,
        *,
        programs: PlugPrograms,
        machine: str,
        node: str,
        parse: Callable[[str], FeedState] | None = None,
    ) -> None:
        def fill(argv: tuple[str, ...]) -> list[str]:
            return [arg.replace("{machine}", machine).replace("{node}", node) for arg in argv]

        self._cut = fill(settings.cut)
        self._restore = fill(settings.restore)
        self._read = fill(settings.read)
        self._timeout = self.in_flight = settings.timeout
        self._programs = programs
        self._parse = parse or last_word
        self.remark = ""

    async def switch(self, *, on: bool, back_in: float | None = None) -> None:
        """Run the program for the wanted state; raises PlugFailed unless it exits with 0."""
        argv = self._restore
        if not on:
            seconds = "0" if back_in is None else str(math.ceil(back_in))
            argv = [argument.replace("{seconds}", seconds) for argument in self._cut]
        ended = await self._programs.run(argv, timeout=self._timeout)
        if ended.code != 0:
            raise self._programs.failed(argv, f"exited with {ended.code}", ended.out + ended.err)

    async def read(self) -> FeedState:
        """The state that the program printed; raises PlugFailed if it printed none and failed."""
        ended = await self._programs.run(self._read, timeout=self._timeout)
        feed = self._parse(ended.out)
        if feed is FeedState.UNKNOWN and ended.code != 0:
            raise self._programs.failed(self._read, f"exited with {ended.code}", ended.err)
        self.remark = ""
        if feed is FeedState.UNKNOWN:
            output = quoted(ended.out) or quoted(ended.err) or "nothing"
            self.remark = f"`{self._read[0]}` printed neither on nor off, but: {output}"
        return feed

    async def close(self) -> None:
        """Turn the feed on without reading it first."""
        await self.switch(on=True)


def last_word(text: str) -> FeedState:
    """The last word of a text, if it is `on` or `off`, else unknown."""
    match text.lower().split():
        case [*_, "on"]:
            return FeedState.ON
        case [*_, "off"]:
            return FeedState.OFF
        case _:
            return FeedState.UNKNOWN
