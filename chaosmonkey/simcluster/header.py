"""The pretend GPIO header: a line protocol over TCP, for one controlling program at a time.

    client ─► bench   pin <bcm> out <0|1>           drive a line
                      pin <bcm> in <up|down|floating>   let it go, with a pull
    bench ─► client   pin <bcm> <0|1>               an input changed its level
                      error <what is wrong>         a line was not understood, or GPIO is busy

Nothing is acknowledged, as on a real header. A lost connection is a program that died: its lines
stay or fall back, as `persist_gpio_outputs` says.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from chaosmonkey.simcluster.bench import PINS, Bench, Pull

_LINE = re.compile(r"pin (\d{1,2}) (?:out ([01])|in (up|down|floating))")
_LONGEST = 100


@dataclass(frozen=True)
class Command:
    """One line from a client: a pin becomes an output with a level, or an input with a pull."""

    pin: int
    level: int | None = None
    pull: Pull = "down"


def parse(line: str) -> Command:
    """What a line says. Raises ValueError that names the line, if it says nothing."""
    found = _LINE.fullmatch(line)
    if not found or int(found[1]) not in PINS:
        raise ValueError(f"not understood: {line[:_LONGEST]!r}")
    if found[2]:
        return Command(int(found[1]), level=int(found[2]))
    return Command(int(found[1]), pull=cast("Pull", found[3]))


class Header:
    """Serves the lines of a bench to one client after the other.

    Args:
        bench: whose lines.
        catch_up: brings the bench to the present before it is touched.
    """

    def __init__(self, bench: Bench, catch_up: Callable[[], None]) -> None:
        self._bench = bench
        self._catch_up = catch_up
        self._holder: asyncio.StreamWriter | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        self._open.add(writer)
        try:
            if self._holder is not None:
                writer.write(b"error GPIO busy\n")
                return
            self._holder = writer
            try:
                await self._obey(reader, writer)
            finally:
                self._holder = None
                self._catch_up()
                self._bench.controller_lost()
        finally:
            self._open.discard(writer)
            with suppress(OSError):
                writer.close()

    def close(self) -> None:
        """Break off every connection."""
        for writer in list(self._open):
            writer.close()

    def tell(self, pin: int, level: int) -> None:
        """Tell the client that an input changed its level."""
        if self._holder is not None:
            self._holder.write(b"pin %d %d\n" % (pin, level))

    async def _obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while line := await self._read(reader, writer):
                text = line.decode(errors="replace").strip()
                try:
                    command = parse(text)
                except ValueError as unknown:
                    writer.write(f"error {unknown}\n".encode())
                    continue
                self._catch_up()
                if command.level is None:
                    self._bench.release(command.pin, command.pull)
                else:
                    self._bench.drive(command.pin, command.level)

    @staticmethod
    async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """The next line; a line too long to be one ends the connection."""
        try:
            return await reader.readline()
        except ValueError:
            writer.write(b"error line too long\n")
            return b""
