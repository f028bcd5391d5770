"""Between a server's pins and the bench: every edge is noted, and buttons may chatter."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Edge:
    """A line was driven to a level, at a moment of time.monotonic()."""

    pin: int
    level: int
    at: float


@dataclass
class Relay:
    """Passes the lines of a pretend header on, both ways."""

    bench: tuple[str, int]
    edges: list[Edge] = field(default_factory=list)
    levels: dict[int, int] = field(default_factory=dict)
    _to_server: asyncio.StreamWriter | None = None

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Listen for the server's pins, on a port of loopback."""
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    async def chatter(self, pin: int, *, rate: float, seconds: float) -> None:
        """A contact that opens and closes so many times a second."""
        until, level = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            self._show(pin, level)
            level = 1 - level
            await asyncio.sleep(0.5 / rate)
        self._show(pin, 1)

    def dark(self, pins: Mapping[str, int]) -> set[str]:
        """The machines whose line is driven so that their feed is off."""
        return {name for name, pin in pins.items() if self.levels.get(pin) == 1}

    def _show(self, pin: int, level: int) -> None:
        if self._to_server is not None and not self._to_server.is_closing():
            self._to_server.write(b"pin %d %d\n" % (pin, level))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._to_server = writer
        from_bench, to_bench = await asyncio.open_connection(*self.bench)

        async def back() -> None:
            while line := await from_bench.readline():
                writer.write(line)

        async with asyncio.TaskGroup() as tasks:
            backwards = tasks.create_task(back())
            with contextlib.suppress(ConnectionError):
                while line := await reader.readline():
                    self._note(line)
                    to_bench.write(line)
            backwards.cancel()
        for end in (writer, to_bench):
            end.close()

    def _note(self, line: bytes) -> None:
        match line.decode().split():
            case ["pin", pin, "out", level]:
                edge = Edge(int(pin), int(level), time.monotonic())
                if self.levels.get(edge.pin) != edge.level:
                    self.edges.append(edge)
                self.levels[edge.pin] = edge.level
            case ["pin", pin, "in", *_]:
                self.levels[int(pin)] = 0  # let go: its coil rests
            case _:
                pass
