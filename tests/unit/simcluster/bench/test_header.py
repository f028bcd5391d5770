"""The pretend GPIO header: lines in, levels on the bench, one client at a time."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.simcluster import Ports, SimPortTaken, SimSettings, run
from chaosmonkey.simcluster.bench.header import Command, Drive, Read, Release, Write, parse
from tests.patience import eventually


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("pin 17 out 1", Drive(17, 1)),
        ("pin 4 out 0", Drive(4, 0)),
        ("pin 27 in up", Release(27, "up")),
        ("pin 2 in floating", Release(2, "floating")),
        ("i2c 32 read 18 2", Read(32, 18, 2)),
        ("i2c 127 read 255 32", Read(127, 255, 32)),
        ("i2c 32 write 0 ff00", Write(32, 0, b"\xff\x00")),
        ("i2c 64 write 5 " + "aB" * 32, Write(64, 5, b"\xab" * 32)),
    ],
)
def test_a_line_is_a_command(line: str, command: Command) -> None:
    assert parse(line) == command


@pytest.mark.parametrize(
    "line",
    [
        "",
        "pin 28 out 1",
        "pin 17 out 2",
        "pin 17",
        "pin 17 in sideways",
        "PIN 17 OUT 1",
        "pin \u0661\u0667 out 1",
        "i2c",
        "i2c 32",
        "i2c 128 read 0 1",
        "i2c 32 read 256 1",
        "i2c 32 read 0 0",
        "i2c 32 read 0 33",
        "i2c 0x20 read 0 1",
        "i2c 32 write 0 ",
        "i2c 32 write 0 f",
        "i2c 32 write 0 fg",
        "i2c 32 write 0 " + "00" * 33,
    ],
)
def test_any_other_line_is_named_in_the_error(line: str) -> None:
    with pytest.raises(ValueError, match="not understood") as wrong:
        parse(line)
    assert repr(line) in str(wrong.value)


async def feed(http: aiohttp.ClientSession, *, live: bool) -> dict[str, Any]:
    """node1's power, once it is as wanted."""
    power: dict[str, Any] = {}

    async def look() -> bool:
        bench = await (await http.get("/bench")).json()
        power.update(bench["machines"]["node1"]["power"])
        return power["live"] is live

    await eventually(look)
    return power


async def connect(ports: Ports) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(ports.host, ports.header_port)


async def served(ports: Ports) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that the header serves, as soon as it knows that the one before has gone."""
    found = await connect(ports)

    async def look() -> bool:
        nonlocal found
        reader, writer = found
        with contextlib.suppress(ConnectionError):
            writer.write(b"?\n")
            if await reader.readline() == b"error not understood: '?'\n":
                return True
        writer.close()
        found = await connect(ports)
        return False

    await eventually(look)
    return found


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
    _, next_one = await served(ports)
    assert (await feed(http, live=False))["level"] == 1
    next_one.close()


async def test_a_second_client_is_told_that_the_lines_are_held(ports: Ports) -> None:
    _, first = await served(ports)
    reader, second = await connect(ports)
    assert await reader.read() == b"error GPIO busy\n"
    first.close()
    reader, third = await served(ports)
    third.write(b"nonsense\n")
    assert await reader.readline() == b"error not understood: 'nonsense'\n"
    for writer in (second, third):
        writer.close()


async def test_a_taken_port_is_named_with_a_remedy(ports: Ports) -> None:
    settings = SimSettings(port=ports.port, header_port=0)
    with pytest.raises(SimPortTaken, match="another port") as taken:
        await run(settings, stop=asyncio.Event())
    assert taken.value.facts == {"host": "127.0.0.1", "port": ports.port}


@given(st.text(max_size=200))
def test_no_text_at_all_breaks_the_parser(text: str) -> None:
    with contextlib.suppress(ValueError):
        parse(text)


async def put(http: aiohttp.ClientSession, path: str, **body: bool) -> Any:
    async with http.put(path, json=body) as answer:
        assert answer.status == 200
        return await answer.json()


async def asked(ports: Ports, *lines: str, answers: int) -> list[str]:
    """What the header says to some lines."""
    reader, writer = await served(ports)
    writer.write("".join(f"{line}\n" for line in lines).encode())
    said = [(await reader.readline()).decode().strip() for _ in range(answers)]
    writer.close()
    return said


async def test_an_input_is_told_at_once_and_again_when_asked_again(ports: Ports) -> None:
    said = await asked(
        ports, "pin 9 in down", "pin 14 in down", "pin 14 in up", "pin 14 in floating", answers=4
    )
    assert said == ["pin 9 1", "pin 14 0", "pin 14 1", "pin 14 0"]


async def test_an_input_is_told_when_it_changes_and_other_lines_are_not(
    ports: Ports, http: aiohttp.ClientSession
) -> None:
    reader, writer = await connect(ports)
    writer.write(b"pin 11 in down\n")
    assert await reader.readline() == b"pin 11 1\n"
    for node in ("node2", "node3"):
        await put(http, f"/bench/machines/{node}/power", plugged=False)
    assert await reader.readline() == b"pin 11 0\n"
    writer.write(b"pin 11 out 0\n")
    await put(http, "/bench/machines/node3/power", plugged=True)
    writer.write(b"pin 14 in up\n")
    assert await reader.readline() == b"pin 14 1\n"
    writer.close()


async def test_the_next_client_is_told_only_of_its_own_inputs(
    ports: Ports, http: aiohttp.ClientSession
) -> None:
    await asked(ports, "pin 9 in down", answers=1)
    reader, writer = await served(ports)
    writer.write(b"pin 10 in down\n")
    assert await reader.readline() == b"pin 10 1\n"
    await put(http, "/bench/machines/node1/power", plugged=False)
    await put(http, "/bench/machines/node2/power", plugged=False)
    assert await reader.readline() == b"pin 10 0\n"
    writer.close()


async def test_i2c_is_answered_in_the_order_of_the_requests(ports: Ports) -> None:
    said = await asked(
        ports,
        "i2c 32 read 0 2",
        "i2c 33 read 0 2",
        "i2c 32 write 0 ff00",
        "i2c 32 read 0 2",
        "i2c 32 read zero",
        "i2c 32 read 12 1",
        answers=6,
    )
    assert said == [
        "i2c ffff",
        "i2c error no acknowledgement from 0x21",
        "i2c ok",
        "i2c ff00",
        "i2c error not understood: 'i2c 32 read zero'",
        "i2c 00",
    ]


async def test_a_line_too_long_ends_the_connection_and_the_next_client_is_served(
    ports: Ports,
) -> None:
    reader, writer = await connect(ports)
    writer.write(b"i2c 32 write 0 " + b"00" * 100_000)
    with contextlib.suppress(ConnectionResetError):  # it hung up in the middle of the line
        assert await reader.read() == b"error line too long\n"
    writer.close()
    assert await asked(ports, "i2c 32 read 0 1", answers=1) == ["i2c ff"]


async def test_a_pressed_button_interrupts_and_is_read_over_i2c(
    ports: Ports, http: aiohttp.ClientSession
) -> None:
    reader, writer = await connect(ports)
    writer.write(b"i2c 32 write 12 1f\ni2c 32 write 4 1f\npin 6 in up\n")
    assert [await reader.readline() for _ in range(3)] == [b"i2c ok\n", b"i2c ok\n", b"pin 6 1\n"]
    assert await put(http, "/bench/panel/buttons/node3", pressed=True) == {
        "line": "A2",
        "level": 0,
        "pressed": True,
    }
    assert await reader.readline() == b"pin 6 0\n"
    await asyncio.sleep(0.01)  # half a second of the bench's time: it has bounced out
    writer.write(b"i2c 32 read 18 1\n")
    assert await reader.readline() == b"pin 6 1\n"
    assert await reader.readline() == b"i2c 1b\n"
    writer.close()


async def test_the_expander_keeps_its_outputs_when_the_client_dies(
    ports: Ports, http: aiohttp.ClientSession
) -> None:
    await asked(ports, "i2c 32 write 0 ff00", "i2c 32 write 20 0005", answers=2)
    _, next_one = await served(ports)
    leds = (await (await http.get("/bench")).json())["panel"]["leds"]
    assert leds["node1"] == {"line": "B0", "level": 1}
    assert [led["level"] for led in leds.values()] == [1, 0, 1, 0, 0]
    next_one.close()
