"""What a phone may send once it listens, byte by byte."""

import pytest
from websockets.frames import Frame, Opcode

from chaosmonkey.api.transport.client_limits import LARGEST_MESSAGE, framed
from chaosmonkey.api.transport.phone_connection import PhoneConnection
from tests.patience import connect, until
from tests.unit.api._phones import phones
from tests.unit.api._rough import close_code, frame, nobody_is_left, rough_socket
from tests.unit.api.conftest import Site


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(framed(b"hello"), 1002, id="not masked"),
        pytest.param(b"\xc1\x80\0\0\0\0", 1002, id="a reserved bit"),
        pytest.param(b"\x83\x80\0\0\0\0", 1002, id="an unknown opcode"),
        pytest.param(b"\x09\x80\0\0\0\0", 1002, id="a ping in parts"),
        pytest.param(frame(9, b"x" * 126), 1002, id="a long ping"),
        pytest.param(frame(0, b"more"), 1002, id="a continuation of nothing"),
        pytest.param(frame(2, b"bytes"), 1003, id="bytes instead of text"),
        pytest.param(frame(1, b"x" * (LARGEST_MESSAGE + 1)), 1009, id="a message too long"),
        pytest.param(b"\x81\xff" + b"\xff" * 8, 1009, id="an endless message"),
    ],
)
async def test_what_no_client_may_send_ends_the_connection_with_its_code(
    site: Site, data: bytes, code: int
) -> None:
    async with rough_socket(site) as client:
        await client.send(data)
        assert close_code(await client.rest()) == code
    await nobody_is_left(site)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("opcode", [Opcode.TEXT, Opcode.PING])
def test_a_frame_is_what_websockets_makes_of_the_message(size: int, opcode: Opcode) -> None:
    message = b"x" * min(size, 125 if opcode is Opcode.PING else size)
    assert framed(message, opcode) == Frame(opcode, message).serialize(mask=False)


async def test_a_ping_is_answered_with_what_it_carried(site: Site) -> None:
    async with rough_socket(site) as client:
        for part in frame(9, b"are you there"):
            await client.send(bytes([part]))
        assert b"\x8a\x0dare you there" in await client.reader.readuntil(b"there")


async def test_a_close_is_answered_with_its_code(site: Site) -> None:
    for said, answered in ((b"\x03\xe9bye", 1001), (b"", None)):
        async with rough_socket(site) as client:
            await client.send(frame(8, said))
            assert close_code(await client.rest()) == answered
    await nobody_is_left(site)


async def test_a_phone_that_left_is_counted_no_more_and_its_task_ended_long_before(
    site: Site,
) -> None:
    async with phones(site, 1) as (phone,), connect(**phone.stream):
        await until(lambda: site.phones.listening == 1)
        await until(lambda: not site.connection_limits.tasks)
        await until(lambda: site.hub.shown("show")["show"].phones == 1)
    await nobody_is_left(site)
    await until(lambda: site.hub.shown("show")["show"].phones == 0)


async def test_when_the_server_stops_a_phone_is_told_to_come_back(site: Site) -> None:
    async with rough_socket(site) as client:
        await until(lambda: site.phones.listening == 1)
        (phone,) = site.phones._listeners
        assert isinstance(phone, PhoneConnection)
        phone.shutdown()
        assert close_code(await client.rest()) == 1001
