"""The simulated GPIO header: a line protocol over TCP, for one controlling program at a time.

    client ─► bench   pin <bcm> out <0|1>             drive a line
                      pin <bcm> in <up|down|floating>     make it an input, with a pull
                      i2c <address> read <register> <count>
                      i2c <address> write <register> <bytes in hex>
    bench ─► client   pin <bcm> <0|1>                 an input's level: at once, and at each change
                      i2c <bytes in hex>              what was read
                      i2c ok                          the bytes are written
                      i2c error <what is wrong>       unknown chip, or not understood
                      error <what is wrong>           a line was not understood, or GPIO is busy

Numbers are decimal; 1 to 32 bytes are read or written at a time. Only I2C requests are
acknowledged, in order. A floating input reads low. A lost connection means that the program died:
`persist_gpio_outputs` decides whether its lines keep their levels.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import assert_never, cast

from chaosmonkey.simcluster.bench.bench import Bench
from chaosmonkey.simcluster.bench.wiring import PINS, Pull

_OUT = re.compile(r"pin ([0-9]{1,2}) out ([01])")
_IN = re.compile(r"pin ([0-9]{1,2}) in (up|down|floating)")
_READ = re.compile(r"i2c ([0-9]{1,3}) read ([0-9]{1,3}) ([0-9]{1,2})")
_WRITE = re.compile(r"i2c ([0-9]{1,3}) write ([0-9]{1,3}) ((?:[0-9a-fA-F]{2}){1,32})")
_LONGEST = 100
_ADDRESSES = range(128)
_REGISTERS = range(256)
_COUNTS = range(1, 33)


@dataclass(frozen=True)
class Drive:
    """Make a line an output at a level."""

    pin: int
    level: int


@dataclass(frozen=True)
class Release:
    """Make a line an input with a pull."""

    pin: int
    pull: Pull


@dataclass(frozen=True)
class Read:
    """Read bytes from a chip."""

    address: int
    register: int
    count: int


@dataclass(frozen=True)
class Write:
    """Write bytes to a chip."""

    address: int
    register: int
    data: bytes


Command = Drive | Release | Read | Write


def parse(line: str) -> Command:
    """Parse a line. Raises a ValueError with the line if it is malformed."""
    if (found := _OUT.fullmatch(line)) and int(found[1]) in PINS:
        return Drive(int(found[1]), int(found[2]))
    if (found := _IN.fullmatch(line)) and int(found[1]) in PINS:
        return Release(int(found[1]), cast("Pull", found[2]))
    if found := _READ.fullmatch(line):
        read = Read(int(found[1]), int(found[2]), int(found[3]))
        if _reachable(read) and read.count in _COUNTS:
            return read
    if found := _WRITE.fullmatch(line):
        write = Write(int(found[1]), int(found[2]), bytes.fromhex(found[3]))
        if _reachable(write):
            return write
    raise ValueError(f"not understood: {line[:_LONGEST]!r}")


def _reachable(request: Read | Write) -> bool:
    return request.address in _ADDRESSES and request.register in _REGISTERS


class Header:
    """Serves the lines of a bench to one client at a time.

    Args:
        bench: the bench with the lines.
        catch_up: brings the bench up to date; called before each command.
    """

    def __init__(self, bench: Bench, catch_up: Callable[[], None]) -> None:
        self._bench = bench
        self._catch_up = catch_up
        self._holder: asyncio.StreamWriter | None = None
        self._inputs: set[int] = set()
        self._open: set[asyncio.StreamWriter] = set()
        bench.gpio.input_changed = self._send_level

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        self._open.add(writer)
        try:
            if self._holder is not None:
                writer.write(b"error GPIO busy\n")
                return
            self._holder = writer
            try:
                await self._run_commands(reader, writer)
            finally:
                self._holder = None
                self._inputs.clear()
                self._catch_up()
                self._bench.controller_lost()
        finally:
            self._open.discard(writer)
            with suppress(OSError):
                writer.close()

    def close(self) -> None:
        """Close every connection."""
        for writer in list(self._open):
            writer.close()

    def _send_level(self, pin: int, level: int) -> None:
        """Send the client the level of one of its inputs."""
        holder = self._holder
        if holder is not None and not holder.is_closing() and pin in self._inputs:
            holder.write(b"pin %d %d\n" % (pin, level))

    async def _run_commands(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError):
            while line := await self._read_line(reader, writer):
                if answer := self._answer(line.decode(errors="replace").strip()):
                    writer.write(f"{answer}\n".encode())
                    await writer.drain()

    def _answer(self, line: str) -> str:
        """Run the command on a line. Returns the reply; empty for most commands."""
        i2c = line.startswith("i2c ")
        try:
            command = parse(line)
        except ValueError as unknown:
            return f"i2c error {unknown}" if i2c else f"error {unknown}"
        self._catch_up()
        try:
            reply = self._run(command)
        except OSError as error:
            reply = f"error {error}"
        return f"i2c {reply}" if i2c else ""

    def _run(self, command: Command) -> str:
        """Run a command. Returns the answer to an I2C request. Raises OSError without a chip."""
        match command:
            case Drive(pin, level):
                self._inputs.discard(pin)
                self._bench.drive(pin, level)
            case Release(pin, pull):
                self._inputs.add(pin)
                self._bench.release(pin, pull)
            case Read(address, register, count):
                return self._bench.bus.read(address, register, count).hex()
            case Write(address, register, data):
                self._bench.bus.write(address, register, data)
                return "ok"
            case _:
                assert_never(command)
        return ""

    @staticmethod
    async def _read_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """The next line; one that is too long ends the connection."""
        try:
            return await reader.readline()
        except ValueError:
            writer.write(b"error line too long\n")
            return b""
