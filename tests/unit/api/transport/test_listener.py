"""What a phone may send once it listens, byte by byte."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.api.transport.listener import (
    LARGEST_MESSAGE,
    PhoneConnection,
    ProtocolViolation,
    first_frame,
    framed,
)
from tests.patience import connect, until
from tests.unit.api._phones import phones
from tests.unit.api._rough import close_code, frame, nobody_is_left, rough_socket
from tests.unit.api.conftest import Site

payloads = st.binary(max_size=LARGEST_MESSAGE)


@given(st.sampled_from((0, 1, 2)), payloads, st.binary(max_size=300))
def test_a_frame_is_read_back_with_what_follows_it(opcode: int, said: bytes, rest: bytes) -> None:
    assert first_frame(frame(opcode, said) + rest) == (opcode, said, rest)


@given(payloads, st.floats(0, 1, exclude_max=True))
def test_a_part_of_a_frame_is_waited_for(said: bytes, share: float) -> None:
    whole = frame(1, said)
    assert first_frame(whole[: int(len(whole) * share)]) is None


@given(st.binary(max_size=5000))
def test_whatever_comes_is_a_frame_or_a_part_or_unwelcome(data: bytes) -> None:
    with contextlib.suppress(ProtocolViolation):
        found = first_frame(data)
        assert found is None or len(found[2]) < len(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (framed(b"not masked"), 1002),
        (b"\xc1\x80\0\0\0\0", 1002),
        (b"\x83\x80\0\0\0\0", 1002),
        (b"\x09\x80\0\0\0\0", 1002),
        (b"\x89\xfe\x00\x80", 1002),
        (frame(1, b"x" * (LARGEST_MESSAGE + 1)), 1009),
        (b"\x81\xff" + b"\xff" * 8, 1009),
    ],
)
def test_what_no_client_may_send_is_refused_by_its_head(data: bytes, code: int) -> None:
    with pytest.raises(ProtocolViolation) as violation:
        first_frame(data)
    assert violation.value.code == code


async def test_a_ping_is_answered_with_what_it_carried(site: Site) -> None:
    async with rough_socket(site) as client:
        for part in frame(9, b"are you there"):
            await client.send(bytes([part]))
        assert b"\x8a\x0dare you there" in await client.reader.readuntil(b"there")


async def test_a_close_is_answered_with_its_code(site: Site) -> None:
    for said, answered in ((b"\x03\xe9bye", 1001), (b"", 1000)):
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
