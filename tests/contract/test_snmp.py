"""What a switch says when order and effect differ, or when somebody may not: real snmpd answers."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from tests.contract._peers.base import SHORT
from tests.contract._peers.snmpd import PEERS, SnmpPeer, needs_snmpd

pytestmark = needs_snmpd


@pytest.fixture
async def peer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SnmpPeer]:
    device = PEERS[request.param](tmp_path)
    assert isinstance(device, SnmpPeer)
    await device.start()
    yield device
    await device.stop()


def on(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("peer", [name], indirect=True)


def port(peer: SnmpPeer, *, order: int, effect: int) -> None:
    peer.switch.folder.joinpath("order").write_text(str(order))
    peer.switch.folder.joinpath("effect").write_text(str(effect))


@on("snmp poe")
@pytest.mark.parametrize(
    ("order", "detection", "feed"),
    [
        (1, 3, FeedState.ON),
        (1, 2, FeedState.UNKNOWN),  # searching: nobody there, or not yet
        (1, 4, FeedState.UNKNOWN),  # a fault
        (2, 1, FeedState.OFF),
        (2, 2, FeedState.OFF),
        (2, 3, FeedState.UNKNOWN),  # it delivers all the same
    ],
)
async def test_poe_is_believed_when_order_and_detection_agree(
    peer: SnmpPeer, order: int, detection: int, feed: FeedState
) -> None:
    port(peer, order=order, effect=detection)
    assert await (await peer.open()).read() is feed


@on("snmp link")
@pytest.mark.parametrize(
    ("order", "oper", "feed"),
    [
        (1, 1, FeedState.ON),
        (1, 2, FeedState.ON),  # up by order: the machine at its other end is off
        (1, 6, FeedState.UNKNOWN),  # not present
        (2, 2, FeedState.OFF),
        (2, 6, FeedState.OFF),
        (2, 1, FeedState.UNKNOWN),
        (3, 3, FeedState.UNKNOWN),  # testing
    ],
)
async def test_a_link_is_believed_when_order_and_effect_agree(
    peer: SnmpPeer, order: int, oper: int, feed: FeedState
) -> None:
    port(peer, order=order, effect=oper)
    assert await (await peer.open()).read() is feed


@on("snmp poe")
async def test_whoever_may_only_read_is_told_so(peer: SnmpPeer) -> None:
    plug = await peer.open(community="read-only")
    assert await plug.read() is FeedState.ON
    with pytest.raises(
        PlugFailed, match=r"noAccess\. Check that this community or user has write access"
    ):
        await plug.switch(on=False)
    assert peer.feed() is FeedState.ON


@on("snmp poe")
async def test_a_port_that_is_not_there_is_an_error_and_not_unknown(peer: SnmpPeer) -> None:
    plug = await peer.open(poe="7")
    with pytest.raises(PlugFailed, match=r"PoE port 1\.7: it has no such port"):
        await plug.read()


@on("snmp v3 poe")
@pytest.mark.parametrize(
    "wrong",
    [{"auth": "wrong-secret"}, {"privacy": "wrong-secret"}, {"privacy": None}, {"user": "nobody"}],
)
async def test_with_a_wrong_secret_nothing_is_switched_and_none_is_told(
    peer: SnmpPeer, wrong: dict[str, str | None]
) -> None:
    plug = await peer.open(timeout=SHORT, **wrong)
    with pytest.raises(PlugFailed) as caught:
        await plug.switch(on=False)
    assert "secret" not in str(caught.value)
    assert peer.feed() is FeedState.ON


@on("snmp v3 poe")
async def test_without_the_extra_for_encryption_the_error_names_it(peer: SnmpPeer) -> None:
    code = f"""
import asyncio, sys
for name in ("cryptography", "cryptography.hazmat.primitives.ciphers"):
    sys.modules[name] = None
from chaosmonkey.config import SnmpPlug
from chaosmonkey.plugs.snmp import SwitchPort
from chaosmonkey.wires.snmp import Agent, open_engine
async def main():
    settings = SnmpPlug(
        driver="snmp", host="127.0.0.1", port={peer.switch.port}, poe="3",
        user="monkey", auth="auth-secret", privacy="privacy-secret",
    )
    with open_engine() as engine:
        await SwitchPort(settings, Agent(settings, engine)).read()
asyncio.run(main())
"""
    call = [sys.executable, "-c", code]
    ended = await asyncio.to_thread(subprocess.run, call, capture_output=True, text=True)
    assert "pip install cryptography" in ended.stderr
