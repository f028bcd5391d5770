"""An agent that answers nonsense is the trouble of its own plug or sensor, and no reading."""

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pysnmp.proto import rfc1902, rfc1905
from pysnmp.proto.api import v2c

from chaosmonkey.clock import SystemClock
from chaosmonkey.config import PortSensor, SnmpPlug
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.plugs.snmp import SwitchPort
from chaosmonkey.sensors.port import PortMonitor
from chaosmonkey.wires.snmp import LARGEST, Agent, open_engine
from tests.contract._peers import nonsense_agent
from tests.patience import PATIENCE

CLOCK = SystemClock()
Bind = nonsense_agent.Bind
ELSEWHERE = rfc1902.ObjectName("1.3.6.1.2.1.1.3.0")


@pytest.fixture
async def peer() -> AsyncIterator[nonsense_agent.Agent]:
    async with nonsense_agent.agent() as found:
        yield found


def one_too_few(_: Any, binds: list[Bind]) -> list[Bind]:
    return binds[:-1]


def one_too_many(_: Any, binds: list[Bind]) -> list[Bind]:
    return [*binds, (ELSEWHERE, rfc1902.Integer32(1))]


def none_at_all(_: Any, binds: list[Bind]) -> list[Bind]:
    return []


def of_another_cell(_: Any, binds: list[Bind]) -> list[Bind]:
    return [*binds[:-1], (ELSEWHERE, rfc1902.Integer32(1))]


def in_another_order(_: Any, binds: list[Bind]) -> list[Bind]:
    return [(oid, value) for (oid, _), (_, value) in zip(binds[::-1], binds, strict=True)]


def the_next_cell(_: Any, binds: list[Bind]) -> list[Bind]:
    return [((*oid, 0), value) for oid, value in binds]


def a_string(_: Any, binds: list[Bind]) -> list[Bind]:
    return [(oid, rfc1902.OctetString("1")) for oid, _ in binds]


def a_counter(_: Any, binds: list[Bind]) -> list[Bind]:
    return [(oid, rfc1902.Counter32(1)) for oid, _ in binds]


def an_address(_: Any, binds: list[Bind]) -> list[Bind]:
    return [(oid, rfc1902.ObjectName("1.3")) for oid, _ in binds]


def nothing(_: Any, binds: list[Bind]) -> list[Bind]:
    return [(oid, rfc1905.unSpecified) for oid, _ in binds]


def no_such_object(_: Any, binds: list[Bind]) -> list[Bind]:
    return [(oid, rfc1905.noSuchObject) for oid, _ in binds]


def no_such_instance_of_one(_: Any, binds: list[Bind]) -> list[Bind]:
    return [*binds[:-1], (binds[-1][0], rfc1905.noSuchInstance)]


def end_of_the_view(_: Any, binds: list[Bind]) -> list[Bind]:
    return [(oid, rfc1905.endOfMibView) for oid, _ in binds]


def too_big(pdu: Any, binds: list[Bind]) -> list[Bind]:
    v2c.apiPDU.set_error_status(pdu, 1)
    return []


def an_error_at_a_place_that_is_none(pdu: Any, binds: list[Bind]) -> list[Bind]:
    v2c.apiPDU.set_error_status(pdu, 5)
    v2c.apiPDU.set_error_index(pdu, 77)
    return binds


def another_request(pdu: Any, binds: list[Bind]) -> list[Bind]:
    v2c.apiPDU.set_request_id(pdu, int(v2c.apiPDU.get_request_id(pdu)) ^ 1)
    return binds


def a_thousand_cells(_: Any, binds: list[Bind]) -> list[Bind]:
    return binds * 1000


SPOILT = [
    one_too_few, one_too_many, none_at_all, of_another_cell, in_another_order, the_next_cell,
    a_string, a_counter, an_address, nothing, no_such_object, no_such_instance_of_one,
    end_of_the_view, too_big, an_error_at_a_place_that_is_none, another_request, a_thousand_cells,
]  # fmt: skip

BYTES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "cut short": lambda data: data[:-3],
    "text": lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a length that lies": lambda data: data[:1] + b"\x84\xff\xff\xff\xff" + data[2:],
    "nested without end": lambda _: b"\x30\x80" * (LARGEST // 2),
    "as large as a datagram can be": lambda _: b"\x30\x82\xff\xd7" + bytes(60_000),
    "another version": lambda data: data.replace(b"\x02\x01\x01\x04", b"\x02\x01\x07\x04", 1),
    "another community": lambda data: data.replace(b"write-secret", b"wrote-secret", 1),
}


NONSENSE: list[Any] = [
    *(pytest.param(it, id=it.__name__) for it in SPOILT),
    *(pytest.param(it, id=name) for name, it in BYTES.items()),
]
OF_ONE_CELL = [it for it in NONSENSE if it.id != in_another_order.__name__]


@pytest.fixture(params=NONSENSE)
def nonsense(request: pytest.FixtureRequest, peer: nonsense_agent.Agent) -> nonsense_agent.Agent:
    if request.param in SPOILT:
        peer.spoil = request.param
    else:
        peer.rewrite = request.param
    return peer


def settings(peer: nonsense_agent.Agent) -> dict[str, Any]:
    return {
        "driver": "snmp", "host": "127.0.0.1", "port": peer.port, "interface": 3,
        "community": "write-secret", "timeout": 0.5,
    }  # fmt: skip


def behave(peer: nonsense_agent.Agent) -> None:
    peer.spoil, peer.rewrite = (lambda _, binds: binds), bytes


async def test_nonsense_is_no_reading_of_a_plug_and_the_next_answer_is_one(
    nonsense: nonsense_agent.Agent, caplog: pytest.LogCaptureFixture
) -> None:
    """And no traceback is left by what pysnmp makes of it."""
    with open_engine() as engine:
        found = SnmpPlug(**settings(nonsense))
        plug = SwitchPort(found, Agent(found, engine))
        with pytest.raises(PlugFailed) as caught:
            await plug.read()
        assert f"127.0.0.1:{nonsense.port}" in caught.value.message
        assert "secret" not in str(caught.value)
        behave(nonsense)
        patient = found.model_copy(update={"timeout": PATIENCE})
        assert await SwitchPort(patient, Agent(patient, engine)).read() is FeedState.ON
    assert [it for it in caplog.records if it.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("nonsense", OF_ONE_CELL, indirect=True)
async def test_nonsense_is_no_success_of_a_command(nonsense: nonsense_agent.Agent) -> None:
    with open_engine() as engine:
        found = SnmpPlug(**settings(nonsense))
        with pytest.raises(PlugFailed):
            await SwitchPort(found, Agent(found, engine)).switch(on=False)


@pytest.mark.parametrize("nonsense", OF_ONE_CELL, indirect=True)
async def test_nonsense_is_no_reading_of_a_sensor(nonsense: nonsense_agent.Agent) -> None:
    with open_engine() as engine:
        found = PortSensor(**settings(nonsense))
        with pytest.raises(PlugFailed):
            await PortMonitor(found, Agent(found, engine)).read()
