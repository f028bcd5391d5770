"""The pretend GPIO header: lines in, levels on the bench, one client at a time."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from chaosmonkey.simcluster import Ports, PortTaken, SimSettings, run
from chaosmonkey.simcluster.header import Command, parse


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("pin 17 out 1", Command(17, level=1)),
        ("pin 4 out 0", Command(4, level=0)),
        ("pin 27 in up", Command(27, pull="up")),
        ("pin 2 in floating", Command(2, pull="floating")),
    ],
)
def test_a_line_is_a_command(line: str, command: Command) -> None:
    assert parse(line) == command


@pytest.mark.parametrize(
    "line", ["", "pin 28 out 1", "pin 17 out 2", "pin 17", "pin 17 in sideways", "PIN 17 OUT 1"]
)
def test_any_other_line_is_named_in_the_error(line: str) -> None:
    with pytest.raises(ValueError, match="not understood") as wrong:
        parse(line)
    assert repr(line) in str(wrong.value)


async def feed(http: aiohttp.ClientSession, *, live: bool) -> dict[str, Any]:
    """node1's power, once it is as wanted."""
    for _ in range(100):
        bench = await (await http.get("/bench")).json()
        power: dict[str, Any] = bench["machines"]["node1"]["power"]
        if power["live"] is live:
            return power
        await asyncio.sleep(0.01)
    raise AssertionError(power)


async def connect(ports: Ports) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(ports.host, ports.header_port)


async def test_a_high_line_opens_a_normally_closed_contact(
    ports: Ports, http: aiohttp.ClientSession
) -> None:
    _, writer = await connect(ports)
    writer.write(b"pin 17 out 1\n")
    assert (await feed(http, live=False))["coil"] == "energised"
    writer.write(b"pin 17 out 0\n")
    assert (await feed(http, live=True))["coil"] == "released"
    writer.close()


async def test_levels_outlive_the_client_by_default(
    ports: Ports, http: aiohttp.ClientSession
) -> None:
    _, writer = await connect(ports)
    writer.write(b"pin 17 out 1\n")
    await feed(http, live=False)
    writer.close()
    await asyncio.sleep(0.05)
    assert (await feed(http, live=False))["level"] == 1


async def test_a_second_client_is_told_that_the_lines_are_held(ports: Ports) -> None:
    _, first = await connect(ports)
    await asyncio.sleep(0.02)
    reader, second = await connect(ports)
    assert await reader.read() == b"error GPIO busy\n"
    first.close()
    await asyncio.sleep(0.02)
    reader, third = await connect(ports)
    third.write(b"nonsense\n")
    assert await reader.readline() == b"error not understood: 'nonsense'\n"
    for writer in (second, third):
        writer.close()


async def test_a_taken_port_is_named_with_a_remedy(ports: Ports) -> None:
    settings = SimSettings(port=ports.port, header_port=0)
    with pytest.raises(PortTaken, match="another port") as taken:
        await run(settings, stop=asyncio.Event())
    assert taken.value.facts == {"host": "127.0.0.1", "port": ports.port}
